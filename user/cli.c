// SPDX-License-Identifier: GPL-2.0
/* The command line's parser.  It knows tables, not what any option means. */
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

const struct option cli_option_help = {"--help", VALUE_NONE, NULL, "show this text and exit",
				       offsetof(struct args, help)};

const char *cli_second(const struct command *command, const char *first)
{
	const size_t length = strlen(first);

	if (strncmp(command->name, first, length) != 0)
		return NULL;
	if (!command->name[length])
		return "";
	return command->name[length] == ' ' ? command->name + length + 1 : NULL;
}

const struct command *cli_find(const struct command *commands, int argc, char **argv, int *ret_used)
{
	const struct command *command;
	const char *second;

	*ret_used = 0;
	for (command = commands; argc && command->name; command++) {
		second = cli_second(command, argv[0]);
		if (!second)
			continue;
		*ret_used = 1;
		if (!*second)
			return command;
		if (argc > 1 && !strcmp(second, argv[1])) {
			*ret_used = 2;
			return command;
		}
	}
	return NULL;
}

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

/* What is neither an option nor the value of one. */
struct words {
	unsigned int count;
	const char *word[8];
};

static int word_add(const struct command *command, const char *word, struct words *words)
{
	if (words->count == sizeof(words->word) / sizeof(words->word[0]))
		return cli_refuse(command->name, "unexpected word '%s'", word);
	words->word[words->count++] = word;
	return EXIT_OK;
}

static const char **member_of(struct args *args, size_t offset)
{
	return (const char **)(void *)((char *)args + offset);
}

static const struct option *option_find(const struct command *command, const char *word,
					size_t length)
{
	const struct option *option;

	for (option = command->options; option->name; option++)
		if (strlen(option->name) == length && !strncmp(option->name, word, length))
			return option;
	if ((length == strlen("--help") && !strncmp(word, "--help", length)) || !strcmp(word, "-h"))
		return &cli_option_help;
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
	member = member_of(args, option->offset);
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

static unsigned int operands_count(const struct command *command)
{
	unsigned int count = 0;

	while (command->operands && command->operands[count].name)
		count++;
	return count;
}

static bool first_is_iface(const struct command *command, const struct words *words)
{
	const unsigned int operands = operands_count(command);

	if (command->iface == IFACE_NONE || !words->count)
		return false;
	if (command->iface != IFACE_OPTIONAL || words->count > operands)
		return true;
	return if_nametoindex(words->word[0]);
}

/* Deals the words out to IFACE and the operands. */
static int words_parse(const struct command *command, const struct words *words, struct args *args)
{
	const unsigned int operands = operands_count(command);
	const unsigned int before = first_is_iface(command, words);
	const char *name;
	unsigned int i;

	for (i = 0; i < words->count; i++) {
		if (i >= before + operands)
			return cli_refuse(command->name, "unexpected word '%s'", words->word[i]);
		name = i < before ? "interface name" : command->operands[i - before].name;
		if (!*words->word[i])
			return cli_refuse(command->name, "the %s is empty", name);
		*member_of(args, i < before ? offsetof(struct args, iface)
					    : command->operands[i - before].offset) =
		    words->word[i];
	}
	return EXIT_OK;
}

/* The first operand that is not given; NULL: none is missing. */
static const struct operand *operand_missing(const struct command *command, struct args *args)
{
	const struct operand *operand = command->operands;

	for (; operand && operand->name; operand++)
		if (!*member_of(args, operand->offset))
			return operand;
	return NULL;
}

static int iface_check(const struct command *command, struct args *args)
{
	const struct operand *operand = operand_missing(command, args);

	if (operand && args->iface)
		return cli_refuse(command->name, "%s is missing ('%s' was taken for IFACE)",
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
	struct words words = {0};
	struct args args = {0};
	int at, used, code;

	for (at = 0; at < argc; at += used) {
		used = 1;
		code = argv[at][0] == '-' && argv[at][1]
			   ? option_parse(command, argc, argv, at, &args, &used)
			   : word_add(command, argv[at], &words);
		if (code)
			return code;
	}
	code = words_parse(command, &words, &args);
	if (!code && !args.help)
		code = iface_check(command, &args);
	if (!code)
		*ret_args = args;
	return code;
}
