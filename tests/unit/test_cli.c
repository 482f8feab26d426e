// SPDX-License-Identifier: GPL-2.0
/* The command line: names of one and two words, IFACE among operands, what is refused and how. */
#include <string.h>

#include "unit.h"

#include "cli.h"

static int run(const struct args *args)
{
	(void)args;
	return EXIT_OK;
}

static const struct option options[] = {
    {"--mode", VALUE_REQUIRED, "MODE", "how", offsetof(struct args, mode)},
    {"--json", VALUE_NONE, NULL, "JSON", offsetof(struct args, json)},
    {"--watch", VALUE_OPTIONAL, "S", "repeat", offsetof(struct args, watch)},
    {0},
};

static const struct operand one[] = {{"PORTS", offsetof(struct args, service)}, {0}};
static const struct operand two[] = {
    {"CLIENT", offsetof(struct args, client)}, {"SERVER", offsetof(struct args, server)}, {0}};

static const struct command table[] = {
    {"attach", "put on", "-", IFACE_REQUIRED, options, run, NULL},
    {"detach", "take off", "-", IFACE_OR_ALL, options, run, NULL},
    {"service add", "one more", "-", IFACE_OPTIONAL, options, run, one},
    {"service list", "all", "-", IFACE_OPTIONAL, options, run, NULL},
    {"explain", "why", "-", IFACE_OPTIONAL, options, run, two},
    {"config check", "right?", "-", IFACE_NONE, options, run, one},
    {0},
};

enum { WORDS_MAX = 16 };

struct said {
	char line[256]; /* the words, cut up */
	char *word[WORDS_MAX];
	int words;
	char *text; /* what went to the standard error */
};

static void said_split(struct said *said, const char *line)
{
	char *rest = said->line, *word;

	snprintf(said->line, sizeof(said->line), "%s", line);
	said->words = 0;
	while ((word = strsep(&rest, " ")))
		if (*word)
			said->word[said->words++] = strcmp(word, "''") ? word : word + 2;
}

/* What the line comes to; *ret_args is only touched if that is right. */
static int parse(const char *line, struct args *ret_args, struct said *said)
{
	const struct command *command;
	FILE *real = stderr;
	size_t size;
	int used, code;

	said_split(said, line);
	said->text = NULL;
	stderr = open_memstream(&said->text, &size);
	command = cli_find(table, said->words, said->word, &used);
	if (command)
		code = cli_parse(command, said->words - used, said->word + used, ret_args);
	else
		code = used ? cli_refuse_group(table, said->words, said->word) : -1;
	fclose(stderr);
	stderr = real;
	return code;
}

static void refused(const char *line, const char *part)
{
	struct args args = {.mode = "untouched"};
	struct said said;

	assert_int_equal(parse(line, &args, &said), EXIT_USAGE);
	if (!strstr(said.text, part))
		fail_msg("%s: said %s", line, said.text);
	assert_string_equal(args.mode, "untouched");
	free(said.text);
}

static void accepted(const char *line, struct args *ret_args, struct said *said)
{
	if (parse(line, ret_args, said))
		fail_msg("%s: said %s", line, said->text);
	free(said->text);
}

static void names_of_two_words(void **state)
{
	struct said said;
	int used;

	(void)state;
	said_split(&said, "service add 80");
	assert_ptr_equal(cli_find(table, said.words, said.word, &used), &table[2]);
	assert_int_equal(used, 2);
	said_split(&said, "attach add");
	assert_ptr_equal(cli_find(table, said.words, said.word, &used), &table[0]);
	assert_int_equal(used, 1);
	said_split(&said, "serv add");
	assert_null(cli_find(table, said.words, said.word, &used));
	assert_int_equal(used, 0);
	said_split(&said, "service lis");
	assert_null(cli_find(table, said.words, said.word, &used));
	assert_int_equal(used, 1);
	refused("service", "service: what? One of add, list (see: synguard service --help)");
	refused("service sub", "service: unknown command 'sub'; it is one of add, list");
	refused("service --json", "service: unknown option '--json'; it is one of");
}

static void the_interface_may_be_left_out(void **state)
{
	struct args args = {0};
	struct said said;

	(void)state;
	accepted("service add 80", &args, &said);
	assert_null(args.iface);
	assert_string_equal(args.service, "80");
	accepted("service add --mode auto eth7 80 --json", &args, &said);
	assert_string_equal(args.iface, "eth7");
	assert_string_equal(args.service, "80");
	assert_string_equal(args.mode, "auto");
	accepted("explain 192.0.2.1:1 [::1]:2", &args, &said);
	assert_null(args.iface);
	assert_string_equal(args.server, "[::1]:2");
	accepted("service list", &args, &said);
	assert_null(args.iface);
	accepted("config check lo", &args, &said);
	assert_null(args.iface);
	assert_string_equal(args.service, "lo");
}

static void missing_and_too_many(void **state)
{
	(void)state;
	refused("service add", "service add: PORTS is missing (see: synguard service add --help)");
	refused("service add lo", "PORTS is missing ('lo' was taken for IFACE)");
	refused("explain lo 192.0.2.1:1", "SERVER is missing ('lo' was taken");
	refused("explain 192.0.2.1:1", "SERVER is missing (see");
	refused("service add eth7 80 81", "unexpected word '81'");
	refused("service list eth7 80", "unexpected word '80'");
	refused("config check a b", "unexpected word 'b'");
	refused("attach a b c d e f g h i j", "unexpected word");
	refused("attach ''", "the interface name is empty");
	refused("service add eth7 ''", "the PORTS is empty");
	refused("attach", "IFACE is missing");
	refused("detach", "Give IFACE or --all");
}

static void options_and_their_values(void **state)
{
	struct args args = {0};
	struct said said;

	(void)state;
	accepted("service list --watch --json", &args, &said);
	assert_string_equal(args.watch, "");
	accepted("service list --watch=3 --mode=x", &args, &said);
	assert_string_equal(args.watch, "3");
	assert_string_equal(args.mode, "x");
	accepted("service add --help", &args, &said);
	assert_non_null(args.help);
	args.help = NULL;
	accepted("service add -h", &args, &said);
	assert_non_null(args.help);
	refused("service list --mode", "--mode needs a value, MODE");
	refused("service list --json=1", "--json takes no value");
	refused("service list --json --json", "--json is given twice");
	refused("service list --jso", "unknown option '--jso'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_of_two_words),
	    cmocka_unit_test(the_interface_may_be_left_out),
	    cmocka_unit_test(missing_and_too_many),
	    cmocka_unit_test(options_and_their_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
