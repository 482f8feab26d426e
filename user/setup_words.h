/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration file as its words: what libcyaml reads and writes by the schema.  Every value
 * is a text, NULL if the file leaves it out; setup_values.h says what the texts mean.
 */
#ifndef SYNGUARD_SETUP_WORDS_H
#define SYNGUARD_SETUP_WORDS_H

#include <cyaml/cyaml.h>

struct pair_words {
	char *on;
	char *off;
};

struct attack_words {
	struct pair_words syn_rate;
	struct pair_words unfinished;
	char *hold;
};

struct limit_words {
	char *rate;
	char *burst;
};

struct service_words {
	char *ports;
	char *address;
	char *mode;
	char *speaks_first;
	struct attack_words *attack;
};

struct list_words {
	char *file;
};

/* The keys of struct timeouts. */
struct timeouts_words {
	char *syn_sent;
	char *syn_recv;
	char *established;
	char *fin_wait;
	char *close_wait;
	char *last_ack;
	char *time_wait;
	char *close;
	char *unacknowledged;
};

struct keys_words {
	char *rotate;
	char *file;
};

struct proven_words {
	char *lasts;
	char *credit;
};

struct limits_words {
	struct limit_words synack;
	struct limit_words live_syn;
	struct limit_words new_conn;
	struct limit_words bad_ack;
};

struct resend_words {
	char *times;
	char *after;
};

struct setup_words {
	char *mode;
	char *xdp;
	char *max_connections;
	struct timeouts_words timeouts;
	struct keys_words keys;
	struct attack_words attack;
	struct proven_words proven;
	struct limits_words limits;
	struct resend_words resend;
	struct service_words *services;
	unsigned int services_count;
	struct list_words *allow;
	struct list_words *deny;
};

extern const cyaml_schema_value_t setup_schema;

#endif
