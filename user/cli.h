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

/* A word that a command must have, after IFACE. */
struct operand {
	const char *name; /* as in the usage text; NULL ends the table */
	size_t offset;    /* of its member in struct args */
};

/* With operands, a first word with a colon is one of them: no interface's name can hold that. */
enum iface_arg { IFACE_REQUIRED, IFACE_OPTIONAL, IFACE_OR_ALL };

struct command {
	const char *name; /* NULL ends the table */
	const char *summary;
	const char *detail;
	enum iface_arg iface;
	const struct option *options;
	int (*run)(const struct args *args); /* returns the exit code */
	const struct operand *operands;      /* NULL: none */
};

/* Parses what follows the command's name.  Returns EXIT_OK, or EXIT_USAGE once it has said why. */
int cli_parse(const struct command *command, int argc, char **argv, struct args *ret_args);

void cli_usage(const struct command *commands);
void cli_usage_command(const struct command *command);

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

#endif
