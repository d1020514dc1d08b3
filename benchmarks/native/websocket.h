/* Shared by the C programs: the opening handshake (RFC 6455, section 4.2.2), frames (section 5.2), and time. */
#ifndef DUELCAST_BENCH_WEBSOCKET_H
#define DUELCAST_BENCH_WEBSOCKET_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OPCODE_TEXT = 0x1, OPCODE_CLOSE = 0x8, OPCODE_PING = 0x9, OPCODE_PONG = 0xA };

static inline void die(const char *what) {
    perror(what);
    exit(1);
}

static inline int64_t now_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The size of a frame's head: 2, 4 or 10 bytes, and 4 more with a mask; `*payload` is set to the size of the payload.
   Returns 0 if the first `size` bytes do not contain the whole head. */
static inline size_t frame_head(const uint8_t *frame, size_t size, uint64_t *payload) {
    if (size < 2) return 0;
    size_t head = 2;
    uint64_t length = frame[1] & 0x7F;
    if (length == 126) {
        if (size < 4) return 0;
        length = (uint64_t)frame[2] << 8 | frame[3];
        head = 4;
    } else if (length == 127) {
        if (size < 10) return 0;
        length = 0;
        for (int i = 2; i < 10; i++) length = length << 8 | frame[i];
        head = 10;
    }
    if (frame[1] & 0x80) head += 4;
    if (size < head) return 0;
    *payload = length;
    return head;
}

/* Write the head of a final, unmasked frame; returns its size. */
static inline size_t write_frame_head(uint8_t *out, int opcode, size_t payload) {
    out[0] = (uint8_t)(0x80 | opcode);
    if (payload < 126) {
        out[1] = (uint8_t)payload;
        return 2;
    }
    if (payload < 65536) {
        out[1] = 126;
        out[2] = (uint8_t)(payload >> 8);
        out[3] = (uint8_t)payload;
        return 4;
    }
    out[1] = 127;
    for (int i = 0; i < 8; i++) out[2 + i] = (uint8_t)((uint64_t)payload >> (56 - 8 * i));
    return 10;
}

static inline uint32_t rotate_left(uint32_t value, int bits) {
    return value << bits | value >> (32 - bits);
}

/* SHA-1 (FIPS 180-4) of up to 119 bytes, which is at most two blocks. */
static inline void sha1(const char *text, size_t size, uint8_t digest[20]) {
    uint8_t padded[128] = {0};
    size_t blocks = size < 56 ? 1 : 2;
    memcpy(padded, text, size);
    padded[size] = 0x80;
    for (int i = 0; i < 8; i++) padded[blocks * 64 - 1 - i] = (uint8_t)((uint64_t)size * 8 >> (8 * i));
    uint32_t hash[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    for (size_t block = 0; block < blocks; block++) {
        uint32_t word[80];
        const uint8_t *bytes = padded + block * 64;
        for (int i = 0; i < 16; i++)
            word[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
                      (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
        for (int i = 16; i < 80; i++)
            word[i] = rotate_left(word[i - 3] ^ word[i - 8] ^ word[i - 14] ^ word[i - 16], 1);
        uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4];
        for (int i = 0; i < 80; i++) {
            uint32_t mix, constant;
            if (i < 20) mix = (b & c) | (~b & d), constant = 0x5A827999;
            else if (i < 40) mix = b ^ c ^ d, constant = 0x6ED9EBA1;
            else if (i < 60) mix = (b & c) | (b & d) | (c & d), constant = 0x8F1BBCDC;
            else mix = b ^ c ^ d, constant = 0xCA62C1D6;
            uint32_t next = rotate_left(a, 5) + mix + e + constant + word[i];
            e = d, d = c, c = rotate_left(b, 30), b = a, a = next;
        }
        hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d, hash[4] += e;
    }
    for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(hash[i / 4] >> (24 - 8 * (i % 4)));
}

/* Write the value of `Sec-WebSocket-Accept` for a key of 24 characters to `out`: base64 with a terminating 0. */
static inline void accept_value(const char key[24], char out[29]) {
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[60];
    uint8_t digest[21] = {0};
    memcpy(text, key, 24);
    memcpy(text + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
    sha1(text, 60, digest);
    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (int j = 0; j < 4; j++) out[4 * i + j] = ALPHABET[three >> (18 - 6 * j) & 63];
    }
    out[27] = '=';
    out[28] = 0;
}

#endif
