// SPDX-License-Identifier: GPL-2.0
/* synguard: finds the command and calls it. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "error.h"
#include "pins.h"

/* A full disk or a closed pipe must not pass for success. */
static int output_finish(int code)
{
	if (fflush(stdout) && code == EXIT_OK)
		return EXIT_FAILED;
	return code;
}

static bool asks_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help");
}

/* The words are no command: perhaps they ask for help or for the version. */
static int other_words(int argc, char **argv, int group)
{
	if (group && argc > 1 && asks_help(argv[1])) {
		cli_usage_group(cli_commands, argv[0]);
		return EXIT_OK;
	}
	if (group)
		return cli_refuse_group(cli_commands, argc, argv);
	if (asks_help(argv[0])) {
		cli_usage(cli_commands);
		return EXIT_OK;
	}
	if (!strcmp(argv[0], "--version")) {
		printf("synguard %s\n", SYNGUARD_VERSION);
		return EXIT_OK;
	}
	fprintf(stderr, "synguard: unknown %s '%s' (see: synguard --help)\n",
		argv[0][0] == '-' ? "option" : "command", argv[0]);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct args args;
	int code, used;

	if (argc < 2) {
		fprintf(stderr, "synguard: which command? (see: synguard --help)\n");
		return EXIT_USAGE;
	}
	command = cli_find(cli_commands, argc - 1, argv + 1, &used);
	if (!command)
		return output_finish(other_words(argc - 1, argv + 1, used));
	code = cli_parse(command, argc - 1 - used, argv + 1 + used, &args);
	if (code)
		return code;
	if (args.help) {
		cli_usage_command(command);
		return output_finish(EXIT_OK);
	}
	error_log_capture();
	pins_reach();
	return output_finish(command->run(&args));
}
