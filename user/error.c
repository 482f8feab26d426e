// SPDX-License-Identifier: GPL-2.0
/*
 * Texts of failures, and the tail of what the BPF libraries log.  The libraries print many lines
 * for one failure; only the last ones say why, and only the command knows whether the user should
 * see them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "error.h"

enum { LOG_SIZE = 65536, LOG_TAIL = 600 };

static char log_text[LOG_SIZE];
static size_t log_used;

int error_set(struct error *error, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return err;
}

__attribute__((format(printf, 1, 0))) static void log_add(const char *format, va_list args)
{
	int length;

	if (log_used > LOG_SIZE / 2) {
		memmove(log_text, log_text + log_used / 2, log_used - log_used / 2);
		log_used -= log_used / 2;
	}
	length = vsnprintf(log_text + log_used, LOG_SIZE - log_used, format, args);
	if (length > 0)
		log_used +=
		    (size_t)length < LOG_SIZE - log_used ? (size_t)length : LOG_SIZE - log_used - 1;
	log_text[log_used] = '\0';
}

__attribute__((format(printf, 2, 0))) static int libbpf_log(enum libbpf_print_level level,
							    const char *format, va_list args)
{
	if (level == LIBBPF_WARN)
		log_add(format, args);
	return 0;
}

__attribute__((format(printf, 2, 0))) static int libxdp_log(enum libxdp_print_level level,
							    const char *format, va_list args)
{
	if (level == LIBXDP_WARN)
		log_add(format, args);
	return 0;
}

void error_log_capture(void)
{
	libbpf_set_print(libbpf_log);
	libxdp_set_print(libxdp_log);
}

void error_log_clear(void)
{
	log_used = 0;
	log_text[0] = '\0';
}

const char *error_log(void)
{
	const char *tail = log_text;

	while (log_used > 0 && log_text[log_used - 1] == '\n')
		log_text[--log_used] = '\0';
	if (log_used > LOG_TAIL) {
		tail = strchr(log_text + log_used - LOG_TAIL, '\n');
		tail = tail ? tail + 1 : log_text + log_used - LOG_TAIL;
	}
	return tail;
}

const char *error_log_reason(void)
{
	static const char intro[] = "Kernel error message: ";
	const char *tail = error_log(), *found = strstr(log_text, intro), *last = NULL;

	while (found) {
		last = found + strlen(intro);
		found = strstr(last, intro);
	}
	return last ? last : tail;
}
