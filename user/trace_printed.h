/* SPDX-License-Identifier: GPL-2.0 */
/* Text that grows in a buffer of fixed size; what does not fit is cut. */
#ifndef SYNGUARD_TRACE_PRINTED_H
#define SYNGUARD_TRACE_PRINTED_H

#include <stdarg.h>
#include <stdio.h>

struct printed {
	char *buffer;
	size_t size;
	size_t used; /* below size */
};

__attribute__((format(printf, 2, 3))) static inline void printed_add(struct printed *text,
								     const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text->buffer + text->used, text->size - text->used, format, args);
	va_end(args);
	if (length > 0)
		text->used += (size_t)length < text->size - text->used
				  ? (size_t)length
				  : text->size - text->used - 1;
}

#endif
