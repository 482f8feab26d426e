/* SPDX-License-Identifier: GPL-2.0 */
/* How status presents one instance: the same facts as text and as JSON. */
#ifndef SYNGUARD_REPORT_H
#define SYNGUARD_REPORT_H

#include <jansson.h>

#include "attacks.h"
#include "instance.h"
#include "keys.h"
#include "setup.h"

enum { PORTS_TEXT_MAX = 1024, SINCE_TEXT_MAX = 32 };

struct report {
	struct instance instance;
	const char *state;   /* one word */
	const char *handoff; /* one word: reqsk, lingering, failed, none */
	const char *xdp_mode;
	const char *mode;           /* that all services have, or "mixed" */
	char problem[320];          /* what is wrong; "" if nothing */
	char remedy[960];           /* and what to do */
	char ports[PORTS_TEXT_MAX]; /* "all", or ranges; cut with "..." if there are very many */
	char since[SINCE_TEXT_MAX]; /* ISO 8601, UTC */
	unsigned int seconds_left;  /* of a lingering hand-off */
	bool has_setup;             /* each of these may be there or not */
	bool has_attacks;
	bool has_counters;
	bool has_keys;
	struct keys_status keys;
	long list_count[LISTS];          /* entries; -1: not known */
	char config_file[FILE_NAME_MAX]; /* where the settings are from; "": the command line */
	enum mode override_mode;         /* what --mode said beside the file; 0: nothing */
	struct setup setup;
	struct attacks attacks;
	struct counters counters;
};

/* report_free ends what this makes. */
void report_make(const char *name, struct report *ret_report);

/* The report on an interface whose pins must not be read; why ends in what to do. */
void report_make_unknown(const char *name, const struct error *why, struct report *ret_report);
void report_free(struct report *report);
void report_print(const struct report *report);

/* Fills in problem and remedy; the rest must be there. */
void report_find_problem(struct report *report);

enum { ATTACH_COMMAND_MAX = 640 };

/*
 * The command that attaches iface with the settings that this instance has.  mode and xdp replace
 * those, NULL keeps them.  Settings that options cannot say come from the file that they are from,
 * or from the one that report_save_command makes.
 */
void report_attach_command(const struct report *report, const char *iface, const char *mode,
			   const char *xdp, char ret_command[ATTACH_COMMAND_MAX]);

/* "synguard config show eth0 >eth0.yaml; ", to go before a detach; "" where nothing need be saved. */
void report_save_command(const struct report *report, char ret_command[ATTACH_COMMAND_MAX]);

/* Entries in the table of connections. */
__u64 report_conns_used(const struct runtime *runtime);

json_t *report_json(const struct report *report);

#endif
