// SPDX-License-Identifier: GPL-2.0
/* The command line's parser and usage text.  It knows tables, not what any option means. */
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const struct option option_help = {"--help", VALUE_NONE, NULL, "show this text and exit",
					  offsetof(struct args, help)};

int cli_refuse(const char *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "synguard: %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, " (see: synguard %s --help)\n", command);
	return EXIT_USAGE;
}

static const struct option *option_find(const struct command *command, const char *word,
					size_t length)
{
	const struct option *option;

	for (option = command->options; option->name; option++)
		if (strlen(option->name) == length && !strncmp(option->name, word, length))
			return option;
	if (length == strlen("--help") && !strncmp(word, "--help", length))
		return &option_help;
	return NULL;
}

/* Takes the option at argv[at]; *ret_used is how many words it took. */
static int option_parse(const struct command *command, int argc, char **argv, int at,
			struct args *args, int *ret_used)
{
	const char *word = argv[at], *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	const struct option *option = option_find(command, word, length);
	const char **member;

	if (!option)
		return cli_refuse(command->name, "unknown option '%s'", word);
	member = (const char **)(void *)((char *)args + option->offset);
	if (*member)
		return cli_refuse(command->name, "%s is given twice", option->name);
	if (equals && option->value == VALUE_NONE)
		return cli_refuse(command->name, "%s takes no value", option->name);
	*ret_used = 1;
	*member = equals ? equals + 1 : "";
	if (equals || option->value != VALUE_REQUIRED)
		return EXIT_OK;
	if (at + 1 >= argc)
		return cli_refuse(command->name, "%s needs a value, %s", option->name,
				  option->value_name);
	*member = argv[at + 1];
	*ret_used = 2;
	return EXIT_OK;
}

/* The first operand that is not given yet; NULL: none is missing, or the command has none. */
static const struct operand *operand_next(const struct command *command, struct args *args,
					  const char ***ret_member)
{
	const struct operand *operand = command->operands;

	for (; operand && operand->name; operand++) {
		*ret_member = (const char **)(void *)((char *)args + operand->offset);
		if (!**ret_member)
			return operand;
	}
	return NULL;
}

static int word_parse(const struct command *command, const char *word, struct args *args)
{
	const char **member = NULL;
	const struct operand *operand = operand_next(command, args, &member);

	if (!args->iface &&
	    (!command->operands || (operand == command->operands && !strchr(word, ':'))))
		member = &args->iface;
	else if (!operand)
		return cli_refuse(command->name, "unexpected word '%s'", word);
	if (!*word)
		return cli_refuse(command->name, "the %s is empty",
				  member == &args->iface ? "interface name" : operand->name);
	*member = word;
	return EXIT_OK;
}

static int iface_check(const struct command *command, struct args *args)
{
	const struct operand *operand;
	const char **member;

	if (args->help)
		return EXIT_OK;
	operand = operand_next(command, args, &member);
	if (operand && args->iface && !if_nametoindex(args->iface))
		return cli_refuse(command->name,
				  "%s is missing ('%s' was taken for IFACE, since it has no port)",
				  operand->name, args->iface);
	if (operand)
		return cli_refuse(command->name, "%s is missing", operand->name);
	if (command->iface == IFACE_REQUIRED && !args->iface)
		return cli_refuse(command->name, "which interface? IFACE is missing");
	if (command->iface != IFACE_OR_ALL)
		return EXIT_OK;
	if (!args->iface && !args->all)
		return cli_refuse(command->name, "which interface? Give IFACE or --all");
	if (args->iface && args->all)
		return cli_refuse(command->name, "'%s' and --all exclude each other", args->iface);
	return EXIT_OK;
}

int cli_parse(const struct command *command, int argc, char **argv, struct args *ret_args)
{
	struct args args = {0};
	int at, used, code;

	for (at = 0; at < argc; at += used) {
		used = 1;
		code = argv[at][0] == '-' ? option_parse(command, argc, argv, at, &args, &used)
					  : word_parse(command, argv[at], &args);
		if (code)
			return code;
	}
	code = iface_check(command, &args);
	if (!code)
		*ret_args = args;
	return code;
}

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
					     [IFACE_OR_ALL] = "IFACE|--all"};
	const struct operand *operand = command->operands;
	const struct option *option;
	char text[64];

	printf("synguard %s %s", command->name, ifaces[command->iface]);
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
		printf("  %-8s %s\n", command->name, command->summary);
	printf(
	    "\nStart with: synguard attach IFACE\nExit code: 0 done, 1 failed, 2 wrong usage.\n");
}

static void option_print(const struct option *option)
{
	char text[64];

	option_spell(option, text, sizeof(text));
	printf("  %-30s %s\n", text, option->help);
}

void cli_usage_command(const struct command *command)
{
	const struct option *option;

	printf("Usage: ");
	synopsis_print(command);
	printf("\n%s\n\nOptions:\n", command->detail);
	for (option = command->options; option->name; option++)
		option_print(option);
	option_print(&option_help);
}
