/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a failure travels: -errno as the return value, and next to it one sentence or two for the
 * user, written where the reason is known and printed once, by the command.
 */
#ifndef SYNGUARD_ERROR_H
#define SYNGUARD_ERROR_H

struct error {
	char text[1024]; /* why, and what to do; no newline at the end */
};

/* Writes the text and returns err, so that `return error_set(...)` reads as one step. */
int error_set(struct error *error, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The last lines that libbpf, libxdp or the verifier had to say; "" if nothing. */
const char *error_log(void);

/* The driver's or network stack's own words for the last refusal; without any, error_log(). */
const char *error_log_reason(void);
void error_log_clear(void);

/* Keeps what the BPF libraries print for error_log() instead of letting them write to stderr. */
void error_log_capture(void);

#endif
