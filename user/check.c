// SPDX-License-Identifier: GPL-2.0
/* The list of findings. */
#include <stdarg.h>
#include <stdio.h>

#include "check.h"

__attribute__((format(printf, 3, 0))) static void text_set(char *text, size_t size,
							   const char *format, va_list args)
{
	vsnprintf(text, size, format, args);
}

void check_add(struct check *check, const char *name, enum check_level level, const char *format,
	       ...)
{
	struct finding *finding;
	va_list args;

	if (check->count == FINDINGS_MAX)
		check->count--;
	finding = &check->finding[check->count++];
	*finding = (struct finding){.name = name, .level = level};
	va_start(args, format);
	text_set(finding->what, sizeof(finding->what), format, args);
	va_end(args);
}

void check_why(struct check *check, const char *format, ...)
{
	struct finding *finding = &check->finding[check->count - 1];
	va_list args;

	va_start(args, format);
	text_set(finding->why, sizeof(finding->why), format, args);
	va_end(args);
}

void check_remedy(struct check *check, const char *format, ...)
{
	struct finding *finding = &check->finding[check->count - 1];
	va_list args;

	va_start(args, format);
	text_set(finding->remedy, sizeof(finding->remedy), format, args);
	va_end(args);
}
