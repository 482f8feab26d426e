/* SPDX-License-Identifier: GPL-2.0 */
/* What is wrong with a file, line by line: `LINE: KEY: found X, expected Y`. */
#ifndef SYNGUARD_PROBLEMS_H
#define SYNGUARD_PROBLEMS_H

enum { PROBLEMS_MAX = 20, PROBLEM_TEXT = 512 };

struct problem {
	unsigned int line; /* 0: of the file as a whole */
	char text[PROBLEM_TEXT];
};

struct problems {
	unsigned int count; /* those beyond PROBLEMS_MAX are only counted */
	struct problem list[PROBLEMS_MAX];
};

void problem_add(struct problems *problems, unsigned int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum { FOUND_TEXT = 72 };

/* The value in quotes, fit to be printed: cut off, and no control characters. */
const char *found_text(const char *value, char ret_text[FOUND_TEXT]);

/* "FILE:LINE: TEXT" each, in order of lines, with a newline between; to be freed, NULL: no memory. */
char *problems_text(struct problems *problems, const char *file);

#endif
