/* The load client: many WebSockets in one process, which checks every message.

   load --port P[,P…] --pid SERVER[,SERVER…] --mode push|ping|connect|idle [options]

   push     follow prices for --seconds, and measure their latency by the `timestamp` (ms) that precedes the `channel`
   ping     at most one request in flight per connection: the next is sent when the answer arrives or, with --rate R,
            at R requests per second over all connections in turn. The requests are pings, or the lines of --requests,
            which the connections take in turn, with a number of 12 digits for each `$`
   connect  open a connection, drop it when it is greeted, open the next; 64 at a time
   idle     open the connections, at most --under-way at a time, and measure the server's memory; `opening_s` and
            `opening_cpu_s` say how long that takes and how much CPU of the servers

   With --deflate, all connections but the first offer permessage-deflate (RFC 7692), and all must get the same text of
   each push. `bytes` are those of the messages, `wire_bytes` those of their frames as they came.
   The connections take the ports in turn. It polls without sleeping, so that no server pays for waking it, unless
   --doze leaves its core to servers that need it; `busy_s` is the time in which it had something to do.
   It prints one JSON object. The CPU time (all threads and child processes, in ns) of all servers together, and of each
   process in --beside P[,P…] apart, is read from /proc at the beginning and at the end of the window. With `push`, both are moments of rest, in which nothing arrives, so that only whole ticks are
   counted; `settled` is 0 if there was no such moment. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#ifndef WITHOUT_ZLIB
#include <zlib.h>
#endif

#include "websocket.h"

enum {
    READ_BYTES = 1 << 20,
    EVENTS = 1024,
    MAX_SYMBOLS = 2048,
    NAME_BYTES = 40,
    RECENT = 16,
    LATENCY_STEP_US = 10,
    LATENCY_STEPS = 1000000,
    PATIENCE_S = 300,
    MANY = 64,
};

static const int64_t SECOND_NS = 1000000000;

enum mode { PUSH, PING, CONNECT, IDLE };
enum stage { CONNECTING, UPGRADING, GREETED, SUBSCRIBING, READY, GONE };

struct connection {
    int fd;
    enum stage stage;
    int is_stalled;
    int is_upgraded;
    int is_waiting;   /* waits for the answer to a ping */
    int has_got;      /* has received a message or an answer */
    uint32_t request; /* number of the last ping */
    struct window *window; /* of compressed messages; NULL if they are not negotiated */
    uint8_t *rest;    /* the beginning of a frame that is not complete yet */
    size_t rest_bytes;
};

struct numbers {
    int number[MANY];
    int count;
};

static struct {
    struct numbers ports, pids, beside;
    int count, stalled, has_greeting, dozes, deflates, under_way;
    double seconds, warmup_s, quiet_ms, settle_s, rate;
    enum mode mode;
    const char *path;
} options = {.count = 1, .under_way = 64, .seconds = 2, .warmup_s = 0.5,
             .quiet_ms = 1, .settle_s = 2, .path = "/"};

static struct lines {
    char **line;
    size_t count;
} subscriptions, requests, tokens;

/* Counted while `is_measuring`; `gaps` from the beginning of the window. */
static struct {
    uint64_t messages, bytes, wire_bytes, reads, gaps;
} counted;
static uint64_t asked; /* requests at any time */
/* Faults, which are counted at any time. */
static struct {
    uint64_t torn, disordered, different, behind, silent, closed, mismatched, unanswered;
} wrong;

static struct connection *connections;
static int poller, is_measuring, is_over, under_way, opened, ready;
static uint32_t *latencies;

/* ── symbols ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static char names[MAX_SYMBOLS][NAME_BYTES];
static uint32_t newest[MAX_SYMBOLS]; /* the highest `seq` that any connection has received */
static uint32_t *last;               /* [connection][symbol]: the last `seq` received; 0 if there was none */
static uint8_t *follows;             /* [connection][symbol] */

static struct text {
    uint32_t seq;
    uint64_t hash;
} texts[MAX_SYMBOLS][RECENT]; /* of the latest pushes, as the first connection to get them has decoded them */

static uint64_t hash_of(const char *bytes, size_t size) {
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
    for (size_t i = 0; i < size; i++) hash = (hash ^ (uint8_t)bytes[i]) * 1099511628211ULL;
    return hash;
}

static size_t symbol_of(const char *name, size_t size) {
    for (size_t at = hash_of(name, size) % MAX_SYMBOLS;; at = (at + 1) % MAX_SYMBOLS) {
        if (!names[at][0]) memcpy(names[at], name, size);
        if (!memcmp(names[at], name, size) && !names[at][size]) return at;
    }
}

static void remember_subscription(size_t index, const char *message) {
    const char *at = strchr(message, '[');
    while (at && (at = strchr(at, '"'))) {
        const char *end = strchr(++at, '"');
        if (*at == '*') memset(follows + index * MAX_SYMBOLS, 1, MAX_SYMBOLS);
        else follows[index * MAX_SYMBOLS + symbol_of(at, (size_t)(end - at))] = 1;
        at = end + 1;
    }
}

/* All connections must get the same text of a push. */
static void compare_text(size_t symbol, uint32_t seq, const char *text, size_t size) {
    struct text *known = &texts[symbol][seq % RECENT];
    uint64_t hash = hash_of(text, size);
    if (seq > known->seq) *known = (struct text){seq, hash};
    else wrong.different += seq == known->seq && hash != known->hash;
}

/* At a moment of rest, each connection should have the newest message of every symbol that it follows. Counts how often
   one does not. */
static uint64_t count_behind(void) {
    uint64_t behind = 0;
    for (int i = 0; i < options.count; i++) {
        if (connections[i].is_stalled || connections[i].stage == GONE) continue;
        for (size_t symbol = 0; symbol < MAX_SYMBOLS; symbol++) {
            size_t at = (size_t)i * MAX_SYMBOLS + symbol;
            behind += newest[symbol] && follows[at] && last[at] != newest[symbol];
        }
    }
    return behind;
}

/* The number of connections that have received nothing up to the end of the window; if nothing arrived in the window,
   the number of all connections. */
static uint64_t count_silent(void) {
    uint64_t silent = 0;
    if (options.mode == IDLE) return 0;
    if (!counted.messages) return (uint64_t)options.count;
    for (int i = 0; options.mode != CONNECT && i < options.count; i++)
        silent += !connections[i].is_stalled && connections[i].stage != GONE && !connections[i].has_got;
    return silent;
}

/* ── the server's figures ───────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t cpu_ns(int pid) {
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) return 0;
    uint64_t sum = 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        unsigned long long ns = 0;
        int child;
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, task->d_name);
        FILE *file = fopen(path, "r");
        if (file) {
            if (fscanf(file, "%llu", &ns) == 1) sum += ns;
            fclose(file);
        }
        snprintf(path, sizeof path, "/proc/%d/task/%s/children", pid, task->d_name);
        file = fopen(path, "r");
        if (file) {
            while (fscanf(file, "%d", &child) == 1) sum += cpu_ns(child);
            fclose(file);
        }
    }
    closedir(tasks);
    return sum;
}

static uint64_t memory_bytes(int pid) {
    char path[64];
    unsigned long long size, resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (fscanf(file, "%llu %llu", &size, &resident) != 2) resident = 0;
    fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t sum_of(uint64_t (*figure)(int pid), const struct numbers *pids) {
    uint64_t sum = 0;
    for (int i = 0; i < pids->count; i++) sum += figure(pids->number[i]);
    return sum;
}

static int64_t busy_ns; /* spent on what had arrived, and on pings */

static struct moment {
    int64_t wall_ns, busy_ns;
    uint64_t server_ns, memory_bytes, beside_ns[MANY];
} opening, all_open, begin, end;

static struct moment this_moment(void) {
    struct moment now = {now_ns(CLOCK_MONOTONIC), busy_ns, sum_of(cpu_ns, &options.pids),
                         sum_of(memory_bytes, &options.pids), {0}};
    for (int i = 0; i < options.beside.count; i++) now.beside_ns[i] = cpu_ns(options.beside.number[i]);
    return now;
}

/* ── compression ────────────────────────────────────────────────────────────────────────────────────────────────── */

#ifdef WITHOUT_ZLIB
static struct window *new_window(int is_reset) {
    (void)is_reset;
    return NULL;
}

static size_t inflate_message(struct window *window, uint8_t *data, size_t size, uint8_t *to, size_t room) {
    (void)window, (void)data, (void)size, (void)to, (void)room;
    return 0;
}
#else
struct window {
    z_stream stream;
    int is_reset; /* each message begins with an empty window */
};

static struct window *new_window(int is_reset) {
    struct window *window = calloc(1, sizeof *window);
    window->is_reset = is_reset;
    if (inflateInit2(&window->stream, -15) != Z_OK) die("inflateInit2");
    return window;
}

/* Inflate a message (RFC 7692, section 7.2.2); returns its size, 0 if it is not compressed correctly. */
static size_t inflate_message(struct window *window, uint8_t *data, size_t size, uint8_t *to, size_t room) {
    static uint8_t tail[] = {0, 0, 0xFF, 0xFF};
    if (!window) return 0;
    z_stream *stream = &window->stream;
    if (window->is_reset) inflateReset(stream);
    stream->next_out = to;
    stream->avail_out = (uInt)room;
    stream->next_in = data;
    stream->avail_in = (uInt)size;
    int done = inflate(stream, Z_SYNC_FLUSH);
    if (done != Z_OK && done != Z_BUF_ERROR) return 0;
    stream->next_in = tail;
    stream->avail_in = sizeof tail;
    done = inflate(stream, Z_SYNC_FLUSH);
    return (done == Z_OK || done == Z_BUF_ERROR) && !stream->avail_in && stream->avail_out ? room - stream->avail_out : 0;
}
#endif

/* ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void watch(struct connection *connection, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(poller, operation, connection->fd, &event)) die("epoll_ctl");
}

/* Send one masked text frame. The mask is 0, which RFC 6455 allows, and which costs a server as much as any other. */
static void send_text(struct connection *connection, const char *text, size_t size) {
    static uint8_t frame[1 << 17];
    size_t head = write_frame_head(frame, OPCODE_TEXT, size);
    frame[1] |= 0x80;
    memset(frame + head, 0, 4);
    memcpy(frame + head + 4, text, size);
    if (send(connection->fd, frame, head + 4 + size, MSG_NOSIGNAL) != (ssize_t)(head + 4 + size)) die("send");
}

/* Write the number of a connection's last request, which is unique in the run. */
static void write_request_number(char *to, size_t room, const struct connection *connection) {
    snprintf(to, room, "%06zd%06u", connection - connections, connection->request);
}

static void send_ping(struct connection *connection) {
    char text[4096], number[32];
    size_t size = 0, index = (size_t)(connection - connections);
    const char *at = requests.count ? requests.line[index % requests.count] : "{\"type\":\"ping\",\"requestId\":\"$\"}";
    connection->is_waiting = 1;
    connection->request++;
    asked++;
    write_request_number(number, sizeof number, connection);
    for (; *at && size + sizeof number < sizeof text; at++) {
        if (*at == '$') size += (size_t)sprintf(text + size, "%s", number);
        else text[size++] = *at;
    }
    send_text(connection, text, size);
}

static int port_of(const struct connection *connection) {
    return options.ports.number[(connection - connections) % options.ports.count];
}

static void open_connection(struct connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port_of(connection)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, small = 4096;
    if (fd < 0) die("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connection->is_stalled) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) die("connect");
    connection->fd = fd;
    connection->stage = CONNECTING;
    connection->is_upgraded = 0;
    connection->rest_bytes = 0;
    under_way++;
    watch(connection, EPOLLOUT, EPOLL_CTL_ADD);
}

/* Reset the connection, because connections in TIME_WAIT would soon use up the ports. */
static void drop(struct connection *connection) {
    struct linger reset = {1, 0};
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(connection->fd);
    connection->stage = GONE;
}

static void send_upgrade(struct connection *connection) {
    static const char OFFER[] = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    char request[2048], token[1024] = "";
    if (tokens.count)
        snprintf(token, sizeof token, "Authorization: Bearer %s\r\n", tokens.line[(size_t)opened % tokens.count]);
    opened++;
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s\r\n",
                        options.path, port_of(connection), token, options.deflates && connection != connections ? OFFER : "");
    if (send(connection->fd, request, (size_t)size, MSG_NOSIGNAL) != size) die("send");
    connection->stage = UPGRADING;
    watch(connection, EPOLLIN, EPOLL_CTL_MOD);
}

/* ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static void is_ready(struct connection *connection) {
    connection->stage = READY;
    ready++;
    if (connection->is_stalled) watch(connection, 0, EPOLL_CTL_MOD);
}

static void greeted(struct connection *connection) {
    under_way--;
    if (options.mode == CONNECT) {
        counted.messages += (uint64_t)is_measuring;
        drop(connection);
        open_connection(connection);
    } else if (subscriptions.count) {
        size_t index = (size_t)(connection - connections);
        const char *line = subscriptions.line[index % subscriptions.count];
        remember_subscription(index, line);
        connection->stage = SUBSCRIBING;
        send_text(connection, line, strlen(line));
    } else {
        is_ready(connection);
    }
}

/* The milliseconds since midnight in a time such as `…T17:55:55.956Z`; `at` points to the first digit after the T. */
static int64_t day_ms(const char *at) {
#define TWO(i) ((at[i] - '0') * 10 + at[(i) + 1] - '0')
    return ((TWO(0) * 60LL + TWO(3)) * 60 + TWO(6)) * 1000 + (at[9] - '0') * 100 + TWO(10);
#undef TWO
}

static void take_push(struct connection *connection, const char *text, size_t size, const char *channel,
                      const char *name_end, uint32_t seq, int64_t now_us) {
    static const int64_t DAY_MS = 86400000;
    size_t symbol = symbol_of(channel, (size_t)(name_end - channel));
    uint32_t *before = &last[(size_t)(connection - connections) * MAX_SYMBOLS + symbol];
    if (seq <= *before) wrong.disordered++;
    else if (*before && seq > *before + 1) counted.gaps += seq - *before - 1;
    *before = seq;
    if (seq > newest[symbol]) newest[symbol] = seq;
    if (options.deflates) compare_text(symbol, seq, text, size);
    if (!is_measuring) return;
    /* …"timestamp":"2026-11-24T17:55:55.956Z","channel":"market.SOL" */
    const char *time = channel - strlen("17:55:55.956Z\",\"channel\":\"market.");
    if (time < text) return;
    int64_t latency_us = now_us - (now_us / 1000 / DAY_MS * DAY_MS + day_ms(time)) * 1000;
    if (latency_us < 0) latency_us += DAY_MS * 1000;
    size_t step = (size_t)latency_us / LATENCY_STEP_US;
    latencies[step < LATENCY_STEPS ? step : LATENCY_STEPS - 1]++;
}

static void take_reply(struct connection *connection, const char *text, size_t size) {
    static const char GREETING[] = "{\"type\":\"connection_established\"";
    if (connection->stage == UPGRADING) {
        if (strncmp(text, GREETING, strlen(GREETING))) return; /* other messages may precede it */
        if (tokens.count && !memmem(text, size, "\"authenticated\":true", 20)) wrong.mismatched++;
        greeted(connection);
    } else if (connection->stage == SUBSCRIBING) {
        if (memmem(text, size, "\"symbols_subscribed\"", 20) || memmem(text, size, "\"contest_room_joined\"", 21))
            is_ready(connection);
        else if (memmem(text, size, "\"error\"", 7) || memmem(text, size, "\"ERROR\"", 7)) wrong.mismatched++;
    } else if (options.mode == PING || options.rate) {
        static const char PUSHED[] = "\"channel\":\"", REQUEST_ID[] = "\"requestId\":\"";
        char expected[64], number[32];
        if (!memmem(text, size, REQUEST_ID, strlen(REQUEST_ID)) && memmem(text, size, PUSHED, strlen(PUSHED))) return;
        write_request_number(number, sizeof number, connection);
        int length = snprintf(expected, sizeof expected, "%s%s\"", REQUEST_ID, number);
        if (!memmem(text, size, expected, (size_t)length) || memmem(text, size, "\"code\":", 7)) wrong.mismatched++;
        counted.messages += (uint64_t)(is_measuring && options.mode == PING);
        connection->is_waiting = 0;
        connection->has_got = 1;
        if (!options.rate && !is_over) send_ping(connection);
    }
}

/* A push ends with `,"channel":"market.SOL","seq":17}`; any other message is a reply. */
static void take_message(struct connection *connection, const char *text, size_t size, int64_t now_us) {
    static const char CHANNEL[] = ",\"channel\":\"market.", SEQ[] = "\",\"seq\":";
    if (size < 10 || memcmp(text, "{\"type\":\"", 9) || text[size - 1] != '}') {
        wrong.torn++;
        return;
    }
    const char *at = text + size - 2;
    uint32_t seq = 0;
    for (uint32_t scale = 1; *at >= '0' && *at <= '9'; at--, scale *= 10) seq += (uint32_t)(*at - '0') * scale;
    const char *name_end = at + 1 - strlen(SEQ), *name = name_end;
    if (name_end - text > 60 && !memcmp(name_end, SEQ, strlen(SEQ))) {
        while (name[-1] != '.' && name > text + 20) name--;
        if (!memcmp(name - strlen(CHANNEL), CHANNEL, strlen(CHANNEL))) {
            if (is_measuring) counted.messages++, counted.bytes += size;
            connection->has_got = 1;
            take_push(connection, text, size, name, name_end, seq, now_us);
            return;
        }
    }
    take_reply(connection, text, size);
}

static size_t take_frame(struct connection *connection, uint8_t *data, size_t size, int64_t now_us) {
    static uint8_t message[READ_BYTES];
    uint64_t payload, messages = counted.messages;
    size_t head = frame_head(data, size, &payload);
    if (!head || size < head + payload) return 0;
    if (data[0] == (0x80 | OPCODE_TEXT) && !(data[1] & 0x80)) {
        take_message(connection, (char *)data + head, payload, now_us);
        if (counted.messages != messages) counted.wire_bytes += head + payload;
    } else if (data[0] == (0xC0 | OPCODE_TEXT) && !(data[1] & 0x80)) {
        size_t inflated = inflate_message(connection->window, data + head, payload, message, sizeof message);
        if (inflated) take_message(connection, (char *)message, inflated, now_us);
        else wrong.torn++;
        if (counted.messages != messages) counted.wire_bytes += head + payload;
    } else if (data[0] == (0x80 | OPCODE_PING) && payload == 0) {
        static const uint8_t PONG[] = {0x80 | OPCODE_PONG, 0x80, 0, 0, 0, 0};
        if (send(connection->fd, PONG, sizeof PONG, MSG_NOSIGNAL) != sizeof PONG) die("send");
    } else if (data[0] == (0x80 | OPCODE_CLOSE)) {
        wrong.closed++;
    } else {
        wrong.torn++;
    }
    return head + payload;
}

static size_t take_upgrade(struct connection *connection, uint8_t *data, size_t size) {
    uint8_t *head_end = memmem(data, size, "\r\n\r\n", 4);
    if (!head_end) return 0;
    if (memcmp(data, "HTTP/1.1 101", 12)) {
        fprintf(stderr, "upgrade refused: %.*s\n", (int)size, data);
        exit(1);
    }
    connection->is_upgraded = 1;
    size_t head = (size_t)(head_end - data);
    if (memmem(data, head, "permessage-deflate", 18))
        connection->window = new_window(memmem(data, head, "server_no_context_takeover", 26) != NULL);
    if (!options.has_greeting) greeted(connection);
    return (size_t)(head_end + 4 - data);
}

static void receive(struct connection *connection) {
    static uint8_t buffer[2 * READ_BYTES];
    size_t size = connection->rest_bytes, taken = 0, step;
    if (size) memcpy(buffer, connection->rest, size);
    ssize_t got = recv(connection->fd, buffer + size, READ_BYTES, 0);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN) return;
        wrong.closed++;
        drop(connection);
        return;
    }
    counted.reads += (uint64_t)is_measuring;
    int64_t now_us = now_ns(CLOCK_REALTIME) / 1000;
    size += (size_t)got;
    do {
        step = connection->is_upgraded ? take_frame(connection, buffer + taken, size - taken, now_us)
                                       : take_upgrade(connection, buffer + taken, size - taken);
        if (connection->stage == CONNECTING) return; /* dropped, and opened anew */
        taken += step;
    } while (step && taken < size);
    connection->rest_bytes = size - taken;
    if (connection->rest_bytes > READ_BYTES) die("frame too large");
    if (connection->rest_bytes) {
        connection->rest = realloc(connection->rest, connection->rest_bytes);
        memcpy(connection->rest, buffer + taken, connection->rest_bytes);
    }
}

/* ── the run ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Handle what has arrived; returns whether there was anything. */
static int turn(void) {
    struct epoll_event events[EVENTS];
    int64_t started = now_ns(CLOCK_MONOTONIC);
    int count = epoll_wait(poller, events, EVENTS, options.dozes);
    if (!count) return 0;
    for (int i = 0; i < count; i++) {
        struct connection *connection = events[i].data.ptr;
        if (connection->stage == GONE) continue;
        if (connection->stage == CONNECTING) send_upgrade(connection);
        else if (!connection->is_stalled || connection->stage != READY) receive(connection);
    }
    busy_ns += now_ns(CLOCK_MONOTONIC) - started;
    return 1;
}

/* Send the pings that have become due since `started`, except those of connections that still wait for an answer. */
static void send_due_pings(int64_t started) {
    static uint64_t sent;
    int64_t begun = now_ns(CLOCK_MONOTONIC);
    uint64_t due = (uint64_t)((double)(begun - started) * options.rate / 1e9);
    if (sent == due) return;
    for (; sent < due; sent++) {
        struct connection *connection = &connections[sent % (uint64_t)options.count];
        if (!connection->is_waiting) send_ping(connection);
    }
    busy_ns += now_ns(CLOCK_MONOTONIC) - begun;
}

static void run_for(double seconds) {
    static int64_t first;
    int64_t now = now_ns(CLOCK_MONOTONIC), until = now + (int64_t)(seconds * 1e9);
    if (!first) first = now;
    for (; now < until; now = now_ns(CLOCK_MONOTONIC)) {
        if (options.rate) send_due_pings(first);
        turn();
    }
}

/* Run until nothing arrives for `quiet_ms`; returns 0 if that did not happen within `settle_s`. */
static int settle(void) {
    int64_t now = now_ns(CLOCK_MONOTONIC), until = now + (int64_t)(options.settle_s * 1e9), arrived = now;
    for (; now < until; now = now_ns(CLOCK_MONOTONIC)) {
        if (turn()) arrived = now;
        else if (now - arrived > (int64_t)(options.quiet_ms * 1e6)) return 1;
    }
    return 0;
}

/* Wait for the answers to the last requests; those that do not come are faults. */
static void await_answers(void) {
    int64_t until = now_ns(CLOCK_MONOTONIC) + (int64_t)(options.settle_s * 1e9);
    uint64_t waiting = 1;
    is_over = 1;
    while (waiting && now_ns(CLOCK_MONOTONIC) < until) {
        turn();
        waiting = 0;
        for (int i = 0; i < options.count; i++) waiting += (uint64_t)connections[i].is_waiting;
    }
    wrong.unanswered = waiting;
}

static void open_all(void) {
    int next = 0;
    int64_t patience = now_ns(CLOCK_MONOTONIC) + PATIENCE_S * SECOND_NS;
    while (ready < options.count) {
        while (next < options.count && under_way < options.under_way) open_connection(&connections[next++]);
        turn();
        if (now_ns(CLOCK_MONOTONIC) > patience || wrong.closed || wrong.mismatched) {
            fprintf(stderr, "%d of %d connections became ready\n", ready, options.count);
            exit(1);
        }
    }
}

static int measure(void) {
    int settled = options.mode == PUSH ? settle() : 1;
    begin = this_moment();
    is_measuring = 1;
    counted.gaps = 0;
    run_for(options.seconds);
    if (options.mode == PUSH) settled &= settle();
    is_measuring = 0;
    end = this_moment();
    wrong.silent = count_silent();
    if (options.mode == PING) await_answers();
    if (options.mode == PUSH && settled && (wrong.behind = count_behind())) {
        /* The server may only have been held up by other processes, so check again at the next moments of rest. */
        settled = 0;
        for (int again = 0; wrong.behind && again < 3; again++) {
            if (!settle()) continue;
            settled = 1;
            uint64_t behind = count_behind();
            if (behind < wrong.behind) wrong.behind = behind;
        }
        if (!settled) wrong.behind = 0;
    }
    return settled;
}

static double latency_ms(double share) {
    uint64_t sum = 0, seen = 0;
    for (size_t i = 0; i < LATENCY_STEPS; i++) sum += latencies[i];
    for (size_t i = 0; i < LATENCY_STEPS; i++)
        if (sum && (double)(seen += latencies[i]) >= share * (double)sum) return (double)i * LATENCY_STEP_US / 1000;
    return 0;
}

static struct lines read_lines(const char *path) {
    struct lines lines = {0};
    FILE *file = fopen(path, "r");
    if (!file) die(path);
    char *line = NULL;
    size_t room = 0;
    for (ssize_t size; (size = getline(&line, &room, file)) > 0;) {
        if (line[size - 1] == '\n') line[size - 1] = 0;
        lines.line = realloc(lines.line, (lines.count + 1) * sizeof *lines.line);
        lines.line[lines.count++] = strdup(line);
    }
    fclose(file);
    return lines;
}

static struct numbers read_numbers(const char *text) {
    struct numbers read = {0};
    for (const char *at = text; at && read.count < MANY; at = strchr(at, ',')) {
        if (*at == ',') at++;
        read.number[read.count++] = atoi(at);
    }
    return read;
}

static void read_options(int argc, char **argv) {
    static const struct option OPTIONS[] = {
        {"port", 1, 0, 'p'},     {"pid", 1, 0, 'i'},     {"mode", 1, 0, 'm'},          {"path", 1, 0, 'a'},
        {"connections", 1, 0, 'c'}, {"seconds", 1, 0, 's'}, {"warmup", 1, 0, 'w'},     {"subscriptions", 1, 0, 'u'},
        {"tokens", 1, 0, 't'},   {"stalled", 1, 0, 'x'}, {"greeting", 0, 0, 'g'},      {"quiet-ms", 1, 0, 'q'},
        {"settle", 1, 0, 'e'},
        {"rate", 1, 0, 'r'},     {"beside", 1, 0, 'b'},  {"requests", 1, 0, 'o'},      {"doze", 0, 0, 'd'},
        {"deflate", 0, 0, 'z'},  {"under-way", 1, 0, 'y'},
        {0, 0, 0, 0}};
    static const char *MODES[] = {"push", "ping", "connect", "idle"};
    for (int option; (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) switch (option) {
        case 'p': options.ports = read_numbers(optarg); break;
        case 'i': options.pids = read_numbers(optarg); break;
        case 'b': options.beside = read_numbers(optarg); break;
        case 'o': requests = read_lines(optarg); break;
        case 'd': options.dozes = 1; break;
        case 'z': options.deflates = 1; break;
        case 'y': options.under_way = atoi(optarg); break;
        case 'a': options.path = optarg; break;
        case 'c': options.count = atoi(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case 'w': options.warmup_s = atof(optarg); break;
        case 'u': subscriptions = read_lines(optarg); break;
        case 't': tokens = read_lines(optarg); break;
        case 'x': options.stalled = atoi(optarg); break;
        case 'g': options.has_greeting = 1; break;
        case 'r': options.rate = atof(optarg); break;
        case 'e': options.settle_s = atof(optarg); break;
        case 'q': options.quiet_ms = atof(optarg); break;
        case 'm':
            for (int mode = PUSH; mode <= IDLE; mode++)
                if (!strcmp(optarg, MODES[mode])) options.mode = (enum mode)mode;
            break;
        default: exit(2);
    }
}

static void report(int settled, uint64_t memory_before) {
    double seconds = (double)(end.wall_ns - begin.wall_ns) / 1e9;
    printf("{\"connections\":%d,\"seconds\":%.6f,\"messages\":%llu,\"bytes\":%llu,\"wire_bytes\":%llu,\"reads\":%llu,", options.count, seconds,
           (unsigned long long)counted.messages, (unsigned long long)counted.bytes, (unsigned long long)counted.wire_bytes, (unsigned long long)counted.reads);
    printf("\"server_cpu_s\":%.9f,\"busy_s\":%.9f,", (double)(end.server_ns - begin.server_ns) / 1e9,
           (double)(end.busy_ns - begin.busy_ns) / 1e9);
    printf("\"memory_before\":%llu,\"memory_begin\":%llu,\"memory_end\":%llu,", (unsigned long long)memory_before,
           (unsigned long long)begin.memory_bytes, (unsigned long long)end.memory_bytes);
    printf("\"opening_s\":%.6f,\"opening_cpu_s\":%.9f,", (double)(all_open.wall_ns - opening.wall_ns) / 1e9,
           (double)(all_open.server_ns - opening.server_ns) / 1e9);
    printf("\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,", latency_ms(0.5), latency_ms(0.99), latency_ms(1));
    printf("\"settled\":%d,\"gaps\":%llu,\"torn\":%llu,\"disordered\":%llu,\"different\":%llu,\"behind\":%llu,\"silent\":%llu,"
           "\"closed\":%llu,\"mismatched\":%llu,\"unanswered\":%llu,\"asked\":%llu,\"beside_cpu_s\":[",
           settled, (unsigned long long)counted.gaps, (unsigned long long)wrong.torn,
           (unsigned long long)wrong.disordered, (unsigned long long)wrong.different,
           (unsigned long long)wrong.behind, (unsigned long long)wrong.silent,
           (unsigned long long)wrong.closed,
           (unsigned long long)wrong.mismatched, (unsigned long long)wrong.unanswered, (unsigned long long)asked);
    for (int i = 0; i < options.beside.count; i++)
        printf("%s%.9f", i ? "," : "", (double)(end.beside_ns[i] - begin.beside_ns[i]) / 1e9);
    printf("]}\n");
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poller = epoll_create1(0);
    connections = calloc((size_t)options.count, sizeof *connections);
    last = calloc((size_t)options.count * MAX_SYMBOLS, sizeof *last);
    follows = calloc((size_t)options.count, MAX_SYMBOLS);
    latencies = calloc(LATENCY_STEPS, sizeof *latencies);
    for (int i = 0; i < options.stalled && i < options.count; i++) connections[i].is_stalled = 1;
    uint64_t memory_before = sum_of(memory_bytes, &options.pids);
    if (options.mode == CONNECT) {
        for (int i = 0; i < options.count && i < options.under_way; i++) open_connection(&connections[i]);
    } else {
        opening = this_moment();
        open_all();
        all_open = this_moment();
    }
    if (options.mode == PING && !options.rate)
        for (int i = 0; i < options.count; i++) send_ping(&connections[i]);
    run_for(options.warmup_s);
    int settled = measure();
    report(settled, memory_before);
    return 0;
}
