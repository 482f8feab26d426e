/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the texts of the configuration file mean: a row per number, for both directions.  Words and
 * targets are found by their offsets.
 */
#ifndef SYNGUARD_SETUP_VALUES_H
#define SYNGUARD_SETUP_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "problems.h"
#include "setup.h"
#include "setup_words.h"
#include "units.h"
#include "yaml_tree.h"

struct value {
	const char *key; /* NULL ends a table */
	size_t words;    /* offset of the char * in the struct of words */
	size_t target;   /* offset of the number in the struct that it is for */
	size_t size;     /* bytes of the number: 1 or 4 */
	enum unit unit;
	__u64 min; /* both in the unit's smallest */
	__u64 max;
	__u32 scale;      /* the number counts so many of these */
	const char *none; /* the word for 0; NULL: there is none */
};

extern const struct value setup_values[];  /* struct setup_words to struct setup */
extern const struct value policy_values[]; /* struct attack_words to struct policy */

/* The texts of an enum in order of its values; NULL: no such value. */
struct word_list {
	const char *const *words;
	int count;
};

extern const struct word_list mode_words;   /* enum mode */
extern const struct word_list xdp_words;    /* enum xdp_choice */
extern const struct word_list yes_no_words; /* 0 and 1 */

/* Where problems are told: keys get the prefix, as in "services[1].". */
struct reader {
	struct yaml_tree *tree;
	struct problems *problems;
	char prefix[32];
};

void reader_tell(const struct reader *reader, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Each row whose text is there; the others leave their target alone. */
void values_read(const struct reader *reader, const struct value *rows, const void *words,
		 void *target);

/* The value that the text names, or -1 with the problem told; fallback if there is no text. */
int word_read(const struct reader *reader, const char *key, const char *text,
	      const struct word_list *list, int fallback);

/* All rows as texts to be freed.  0 or -ENOMEM. */
int values_print(const struct value *rows, const void *target, void *words);

#endif
