/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command line as data: what a command accepts is a table, and the parser and the usage text
 * both come from it.
 */
#ifndef SYNGUARD_CLI_H
#define SYNGUARD_CLI_H

#include <stdbool.h>
#include <stddef.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* NULL: not given.  An option without a value is "" when given. */
struct args {
	const char *iface;
	const char *port;
	const char *xdp;
	const char *mode;
	const char *max_conns;
	const char *timeout;
	const char *json;
	const char *watch;
	const char *all;
	const char *now;
	const char *state;
	const char *client;
	const char *sort;
	const char *limit;
	const char *pcap;
	const char *count;
	const char *server;
	const char *flags;
	const char *config;
	const char *dry_run;
	const char *service;
	const char *syn_rate;
	const char *unfinished;
	const char *hold;
	const char *speaks_first;
	const char *prefix;
	const char *lifetime; /* --for */
	const char *every;
	const char *file; /* a word or --file */
	const char *replace;
	const char *help;
};

enum option_value { VALUE_NONE, VALUE_REQUIRED, VALUE_OPTIONAL };

struct option {
	const char *name; /* with its dashes; NULL ends the table */
	enum option_value value;
	const char *value_name;
	const char *help;
	size_t offset; /* of its member in struct args */
};

/* A word that a command must have, after IFACE if there is one. */
struct operand {
	const char *name; /* as in the usage text; NULL ends the table */
	size_t offset;    /* of its member in struct args */
};

/*
 * With operands, the first word is IFACE if there are more words than operands, or if an interface
 * has that name.
 */
enum iface_arg { IFACE_REQUIRED, IFACE_OPTIONAL, IFACE_OR_ALL, IFACE_NONE };

struct command {
	const char *name; /* one word, or two with a blank; NULL ends the table */
	const char *summary;
	const char *detail;
	enum iface_arg iface;
	const struct option *options;
	int (*run)(const struct args *args); /* returns the exit code */
	const struct operand *operands;      /* NULL: none */
};

/*
 * The command that the words begin with; *ret_used is how many of them are its name.  NULL if there
 * is none: *ret_used is then 1 if commands of two words begin with the first, else 0.
 */
const struct command *cli_find(const struct command *commands, int argc, char **argv,
			       int *ret_used);

/* What follows the word first in a command's name; NULL: it begins with another one. */
const char *cli_second(const struct command *command, const char *first);

/* Parses what follows the command's name.  Returns EXIT_OK, or EXIT_USAGE once it has said why. */
int cli_parse(const struct command *command, int argc, char **argv, struct args *ret_args);

void cli_usage(const struct command *commands);

/* Of the commands of two words that begin with this one. */
void cli_usage_group(const struct command *commands, const char *first);

/* argv[0] begins commands of two words, and argv[1] is none of them, or missing.  EXIT_USAGE. */
int cli_refuse_group(const struct command *commands, int argc, char **argv);

void cli_usage_command(const struct command *command);

/* Every command has it. */
extern const struct option cli_option_help;

/* The table of all commands. */
extern const struct command cli_commands[];

/* A usage error found after parsing, in a command.  Prints it and returns EXIT_USAGE. */
int cli_refuse(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

int cmd_attach(const struct args *args);
int cmd_detach(const struct args *args);
int cmd_status(const struct args *args);
int cmd_stats(const struct args *args);
int cmd_conns(const struct args *args);
int cmd_trace(const struct args *args);
int cmd_check(const struct args *args);
int cmd_explain(const struct args *args);
int cmd_reload(const struct args *args);
int cmd_service_add(const struct args *args);
int cmd_service_set(const struct args *args);
int cmd_service_del(const struct args *args);
int cmd_service_list(const struct args *args);
int cmd_config_check(const struct args *args);
int cmd_config_default(const struct args *args);
int cmd_config_show(const struct args *args);
int cmd_allow_add(const struct args *args);
int cmd_allow_del(const struct args *args);
int cmd_allow_list(const struct args *args);
int cmd_allow_load(const struct args *args);
int cmd_deny_add(const struct args *args);
int cmd_deny_del(const struct args *args);
int cmd_deny_list(const struct args *args);
int cmd_deny_load(const struct args *args);
int cmd_key_rotate(const struct args *args);
int cmd_key_new(const struct args *args);

#endif
