// SPDX-License-Identifier: GPL-2.0
/* Problems of a file: gathered in the order in which they are found, told in that of the lines. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "problems.h"

enum { FOUND_SHOWN = 60 };

void problem_add(struct problems *problems, unsigned int line, const char *format, ...)
{
	struct problem *problem = &problems->list[problems->count];
	va_list args;

	if (problems->count++ >= PROBLEMS_MAX)
		return;
	problem->line = line;
	va_start(args, format);
	vsnprintf(problem->text, sizeof(problem->text), format, args);
	va_end(args);
}

const char *found_text(const char *value, char ret_text[FOUND_TEXT])
{
	int i;

	snprintf(ret_text, FOUND_TEXT, "'%.*s%s'", FOUND_SHOWN, value,
		 strlen(value) > FOUND_SHOWN ? "..." : "");
	for (i = 0; ret_text[i]; i++)
		if ((unsigned char)ret_text[i] < ' ' || ret_text[i] == 0x7f)
			ret_text[i] = '?';
	return ret_text;
}

/* Those of one line stay in the order in which they were found. */
static void problems_sort(struct problem *list, unsigned int count)
{
	struct problem moved;
	unsigned int i, at;

	for (i = 1; i < count; i++) {
		moved = list[i];
		for (at = i; at > 0 && list[at - 1].line > moved.line; at--)
			list[at] = list[at - 1];
		list[at] = moved;
	}
}

char *problems_text(struct problems *problems, const char *file)
{
	unsigned int told = problems->count < PROBLEMS_MAX ? problems->count : PROBLEMS_MAX, i;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	problems_sort(problems->list, told);
	for (i = 0; i < told; i++) {
		fprintf(out, "%s%s:", i ? "\n" : "", file);
		if (problems->list[i].line)
			fprintf(out, "%u:", problems->list[i].line);
		fprintf(out, " %s", problems->list[i].text);
	}
	if (problems->count > told)
		fprintf(out, "\n%s: and %u problems more", file, problems->count - told);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
