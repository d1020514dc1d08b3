/* The physical limit: a bare epoll server that writes prebuilt frames, one send per message and follower.

   epoll_server PORT INTERVAL_MS DUE SYMBOL,SYMBOL,… [joined]

   It answers SUBSCRIBE_SYMBOLS, echoes any other text, and in each interval sends a price of each of the next DUE
   symbols. With `joined`, all prices that a client gets in an interval go out in one send. It trusts its clients,
   because it is a yardstick and not meant for use. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "websocket.h"

enum { MAX_SYMBOLS = 10000, MAX_FDS = 70000, READ_BYTES = 65536, MAX_UNSENT_BYTES = 1 << 20, EVENTS = 1024 };

struct client {
    uint32_t generation; /* grows when the connection ends, because a new one may get its descriptor */
    int is_upgraded;
    uint8_t *read; /* the beginning of a request or frame that is not complete yet */
    size_t read_bytes;
    uint8_t *unsent; /* what the socket has not accepted yet */
    size_t unsent_bytes;
    uint8_t *due; /* the frames of this tick, if writes are joined */
    size_t due_bytes, due_room;
};

struct follower {
    int fd;
    uint32_t generation;
};

struct symbol {
    const char *name;
    uint64_t seq;
    struct follower *followers;
    size_t count, room;
};

static struct client clients[MAX_FDS];
static struct symbol symbols[MAX_SYMBOLS];
static size_t symbol_count, next_symbol;
static int poller, joins_writes;
static int due_fds[MAX_FDS];
static size_t due_count;

static void watch(int fd, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(poller, operation, fd, &event)) die("epoll_ctl");
}

static void forget(int fd) {
    struct client *client = &clients[fd];
    free(client->read);
    free(client->unsent);
    free(client->due);
    *client = (struct client){.generation = client->generation + 1};
    close(fd);
}

/* Keep what the socket did not accept. A message that would exceed the bound is dropped as a whole. */
static void keep_unsent(int fd, const uint8_t *data, size_t size, size_t sent) {
    struct client *client = &clients[fd];
    if (client->unsent_bytes && client->unsent_bytes + size > MAX_UNSENT_BYTES) return;
    client->unsent = realloc(client->unsent, client->unsent_bytes + size - sent);
    memcpy(client->unsent + client->unsent_bytes, data + sent, size - sent);
    if (!client->unsent_bytes) watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    client->unsent_bytes += size - sent;
}

static void send_frame(int fd, const uint8_t *data, size_t size) {
    ssize_t sent = 0;
    if (!clients[fd].unsent_bytes) {
        sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent == (ssize_t)size) return;
        if (sent < 0) {
            if (errno != EAGAIN) return;
            sent = 0;
        }
    }
    keep_unsent(fd, data, size, (size_t)sent);
}

static void send_unsent(int fd) {
    struct client *client = &clients[fd];
    ssize_t sent = send(fd, client->unsent, client->unsent_bytes, MSG_NOSIGNAL);
    if (sent <= 0) return;
    client->unsent_bytes -= (size_t)sent;
    memmove(client->unsent, client->unsent + sent, client->unsent_bytes);
    if (!client->unsent_bytes) watch(fd, EPOLLIN, EPOLL_CTL_MOD);
}

static void join_frame(int fd, const uint8_t *data, size_t size) {
    struct client *client = &clients[fd];
    if (client->due_bytes + size > client->due_room) {
        client->due_room = 2 * (client->due_bytes + size);
        client->due = realloc(client->due, client->due_room);
    }
    if (!client->due_bytes) due_fds[due_count++] = fd;
    memcpy(client->due + client->due_bytes, data, size);
    client->due_bytes += size;
}

static void send_joined(void) {
    for (size_t i = 0; i < due_count; i++) {
        struct client *client = &clients[due_fds[i]];
        send_frame(due_fds[i], client->due, client->due_bytes);
        client->due_bytes = 0;
    }
    due_count = 0;
}

static void send_text(int fd, const void *text, size_t size) {
    uint8_t *frame = malloc(size + 10);
    size_t head = write_frame_head(frame, OPCODE_TEXT, size);
    memcpy(frame + head, text, size);
    send_frame(fd, frame, head + size);
    free(frame);
}

/* ── the market ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static void follow(int fd, struct symbol *symbol) {
    if (symbol->count == symbol->room) {
        symbol->room = symbol->room ? 2 * symbol->room : 16;
        symbol->followers = realloc(symbol->followers, symbol->room * sizeof *symbol->followers);
    }
    symbol->followers[symbol->count++] = (struct follower){fd, clients[fd].generation};
}

static void subscribe(int fd, char *message) {
    char *list = strchr(message, '['), *end = list ? strchr(list, ']') : NULL;
    if (!end) return;
    *end = 0;
    char answer[65536];
    int size = snprintf(answer, sizeof answer, "{\"type\":\"symbols_subscribed\",\"symbols\":%s],\"unknown\":[]}", list);
    for (char *name = strtok(list + 1, "\", "); name; name = strtok(NULL, "\", "))
        for (size_t i = 0; i < symbol_count; i++)
            if (!strcmp(name, "*") || !strcmp(name, symbols[i].name)) follow(fd, &symbols[i]);
    send_text(fd, answer, (size_t)size);
}

static void tell(struct symbol *symbol) {
    char text[512], when[32];
    uint8_t frame[600];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t date = strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(when + date, sizeof when - date, ".%03ldZ", now.tv_nsec / 1000000);
    symbol->seq++;
    int size = snprintf(text, sizeof text,
                        "{\"type\":\"MARKET_PRICE\",\"data\":{\"symbol\":\"%s\",\"price\":%.4f,\"change_24h\":1.53,"
                        "\"volume_24h\":null,\"high_24h\":151.9,\"low_24h\":149.1,\"timestamp\":\"%s\","
                        "\"source\":\"simulated\",\"stale\":false},\"timestamp\":\"%s\",\"channel\":\"market.%s\","
                        "\"seq\":%llu}",
                        symbol->name, 150 + (double)(symbol->seq % 997) / 1000, when, when, symbol->name,
                        (unsigned long long)symbol->seq);
    size_t head = write_frame_head(frame, OPCODE_TEXT, (size_t)size);
    memcpy(frame + head, text, (size_t)size);
    size_t kept = 0;
    for (size_t i = 0; i < symbol->count; i++) {
        struct follower follower = symbol->followers[i];
        if (clients[follower.fd].generation != follower.generation) continue;
        symbol->followers[kept++] = follower;
        if (joins_writes) join_frame(follower.fd, frame, head + (size_t)size);
        else send_frame(follower.fd, frame, head + (size_t)size);
    }
    symbol->count = kept;
}

static void tick(int timer, size_t due) {
    uint64_t expired;
    if (read(timer, &expired, sizeof expired) != sizeof expired) return;
    for (size_t i = 0; i < due; i++) tell(&symbols[next_symbol++ % symbol_count]);
    send_joined();
}

/* ── clients ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void admit(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
        if (fd < 0) return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
}

static size_t upgrade(int fd, char *request, size_t size) {
    char *end = memmem(request, size, "\r\n\r\n", 4);
    if (!end) return 0;
    *end = 0;
    char *key = strcasestr(request, "sec-websocket-key: "), accept[29], answer[256];
    if (!key) return size;
    accept_value(key + 19, accept);
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n",
                          accept);
    send_frame(fd, (uint8_t *)answer, (size_t)length);
    clients[fd].is_upgraded = 1;
    return (size_t)(end + 4 - request);
}

/* Handle one frame of a client, which must be masked; returns its size, or 0 if it is not complete yet. */
static size_t take_frame(int fd, uint8_t *data, size_t size) {
    uint64_t payload;
    size_t head = frame_head(data, size, &payload);
    if (!head || size < head + payload) return 0;
    uint8_t *text = data + head, *mask = text - 4;
    for (size_t i = 0; i < payload; i++) text[i] ^= mask[i & 3];
    if ((data[0] & 0xF) == OPCODE_TEXT) {
        if (memmem(text, payload, "SUBSCRIBE_SYMBOLS", 17)) {
            char *message = strndup((char *)text, payload);
            subscribe(fd, message);
            free(message);
        } else {
            send_text(fd, text, payload);
        }
    }
    return head + payload;
}

static void receive(int fd) {
    static uint8_t buffer[MAX_UNSENT_BYTES + READ_BYTES];
    struct client *client = &clients[fd];
    size_t size = client->read_bytes, taken = 0, step;
    memcpy(buffer, client->read ? client->read : buffer, size);
    ssize_t got = recv(fd, buffer + size, READ_BYTES, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) forget(fd);
        return;
    }
    size += (size_t)got;
    do {
        step = client->is_upgraded ? take_frame(fd, buffer + taken, size - taken)
                                   : upgrade(fd, (char *)buffer + taken, size - taken);
        taken += step;
    } while (step && taken < size);
    client->read_bytes = size - taken;
    if (client->read_bytes) {
        client->read = realloc(client->read, client->read_bytes);
        memcpy(client->read, buffer + taken, client->read_bytes);
    }
}

/* ── the server ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) die("listen");
    return listener;
}

static int start_timer(long interval_ms) {
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct timespec interval = {interval_ms / 1000, interval_ms % 1000 * 1000000};
    struct itimerspec schedule = {interval, interval};
    if (timerfd_settime(timer, 0, &schedule, NULL)) die("timerfd_settime");
    return timer;
}

int main(int argc, char **argv) {
    if (argc < 5) return 2;
    joins_writes = argc > 5 && !strcmp(argv[5], "joined");
    for (char *name = strtok(argv[4], ","); name && symbol_count < MAX_SYMBOLS; name = strtok(NULL, ","))
        symbols[symbol_count++].name = name;
    size_t due = (size_t)atol(argv[3]);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max < MAX_FDS ? files.rlim_max : MAX_FDS;
    setrlimit(RLIMIT_NOFILE, &files);
    poller = epoll_create1(0);
    int listener = listen_on(atoi(argv[1])), timer = -1;
    watch(listener, EPOLLIN, EPOLL_CTL_ADD);
    if (due) {
        timer = start_timer(atol(argv[2]));
        watch(timer, EPOLLIN, EPOLL_CTL_ADD);
    }
    puts("listening");
    fflush(stdout);
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) admit(listener);
            else if (fd == timer) tick(timer, due);
            else {
                if (events[i].events & EPOLLOUT) send_unsent(fd);
                if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(fd);
            }
        }
    }
}
