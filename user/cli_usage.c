// SPDX-License-Identifier: GPL-2.0
/* Usage texts, from the same tables that the parser reads. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static void option_spell(const struct option *option, char *text, size_t size)
{
	static const char *const formats[] = {
	    [VALUE_NONE] = "", [VALUE_REQUIRED] = " ", [VALUE_OPTIONAL] = "[="};
	const char *value = option->value_name ? option->value_name : "";

	snprintf(text, size, "%s%s%s%s", option->name, formats[option->value], value,
		 option->value == VALUE_OPTIONAL ? "]" : "");
}

static void synopsis_print(const struct command *command)
{
	static const char *const ifaces[] = {[IFACE_REQUIRED] = "IFACE",
					     [IFACE_OPTIONAL] = "[IFACE]",
					     [IFACE_OR_ALL] = "IFACE|--all",
					     [IFACE_NONE] = NULL};
	const struct operand *operand = command->operands;
	const struct option *option;
	char text[64];

	printf("synguard %s", command->name);
	if (ifaces[command->iface])
		printf(" %s", ifaces[command->iface]);
	for (; operand && operand->name; operand++)
		printf(" %s", operand->name);
	for (option = command->options; option->name; option++) {
		option_spell(option, text, sizeof(text));
		if (command->iface != IFACE_OR_ALL || strcmp(option->name, "--all") != 0)
			printf(" [%s]", text);
	}
	printf("\n");
}

void cli_usage(const struct command *commands)
{
	const struct command *command;

	printf(
	    "synguard answers SYNs with SYN cookies in XDP and hands finished handshakes to the\n"
	    "kernel's TCP.\n\nUsage:\n");
	for (command = commands; command->name; command++) {
		printf("  ");
		synopsis_print(command);
	}
	printf("  synguard --version | --help | COMMAND --help\n\nCommands:\n");
	for (command = commands; command->name; command++)
		printf("  %-14s %s\n", command->name, command->summary);
	printf(
	    "\nStart with: synguard attach IFACE\nExit code: 0 done, 1 failed, 2 wrong usage.\n");
}

static void option_print(const struct option *option)
{
	char text[64];

	option_spell(option, text, sizeof(text));
	printf("  %-30s %s\n", text, option->help);
}

void cli_usage_group(const struct command *commands, const char *first)
{
	const struct command *command;

	printf("Usage:\n");
	for (command = commands; command->name; command++) {
		if (!cli_second(command, first))
			continue;
		printf("  ");
		synopsis_print(command);
	}
	printf("\nCommands:\n");
	for (command = commands; command->name; command++)
		if (cli_second(command, first))
			printf("  %-14s %s\n", command->name, command->summary);
	printf("\nMore on each: synguard %s COMMAND --help\n", first);
}

int cli_refuse_group(const struct command *commands, int argc, char **argv)
{
	const struct command *command;
	const char *second, *comma = "";

	if (argc < 2)
		fprintf(stderr, "synguard: %s: what? One of ", argv[0]);
	else
		fprintf(stderr, "synguard: %s: unknown %s '%s'; it is one of ", argv[0],
			argv[1][0] == '-' ? "option" : "command", argv[1]);
	for (command = commands; command->name; command++) {
		second = cli_second(command, argv[0]);
		if (!second)
			continue;
		fprintf(stderr, "%s%s", comma, second);
		comma = ", ";
	}
	fprintf(stderr, " (see: synguard %s --help)\n", argv[0]);
	return EXIT_USAGE;
}

void cli_usage_command(const struct command *command)
{
	const struct option *option;

	printf("Usage: ");
	synopsis_print(command);
	printf("\n%s\n\nOptions:\n", command->detail);
	for (option = command->options; option->name; option++)
		option_print(option);
	option_print(&cli_option_help);
}
