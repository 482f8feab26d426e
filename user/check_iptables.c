// SPDX-License-Identifier: GPL-2.0
/* iptables' rules, from the text of iptables-save; only where nft cannot show them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "run.h"

static int file_has_content(const char *path)
{
	FILE *file = fopen(path, "re");
	int has;

	if (!file)
		return 0;
	has = fgetc(file) != EOF;
	fclose(file);
	return has;
}

static int target_is(const char *line, const char *target)
{
	const char *jump = strstr(line, " -j ");
	size_t length = strlen(target);

	return jump && !strncmp(jump + 4, target, length) &&
	       (jump[4 + length] == '\0' || jump[4 + length] == ' ');
}

static int line_port_protected(const struct check *check, const char *line)
{
	const char *option = strstr(line, " --dport ");
	unsigned int first, last;
	int read;

	if (!option)
		return 1;
	read = sscanf(option, " --dport %u:%u", &first, &last);
	return read < 1 || check_port_protected(check, first, read < 2 ? first : last);
}

/* iptables-save writes --syn as --tcp-flags FIN,SYN,RST,ACK SYN. */
static void line_judge(struct check *check, struct firewall *firewall, const char *tool,
		       const char *line)
{
	const char *flags = strstr(line, "--tcp-flags ");
	int syn = flags && strstr(flags, " SYN") != NULL;
	int negated = flags && flags - line >= 2 && !strncmp(flags - 2, "! ", 2);
	int drops = target_is(line, "DROP") || target_is(line, "REJECT");
	char where[120];

	firewall->conntrack |= strstr(line, "--ctstate") || strstr(line, "--state");
	if (!line_port_protected(check, line))
		return;
	snprintf(where, sizeof(where), "%s: %.100s", tool, line);
	if (syn && !negated && target_is(line, "ACCEPT"))
		check_rule(check, firewall, RULE_SYN_ONLY, where);
	if (syn && negated && drops)
		check_rule(check, firewall, RULE_NOT_SYN_DROP, where);
	if (strstr(line, "state INVALID") && drops && firewall->tcp_loose == 0)
		check_rule(check, firewall, RULE_INVALID_DROP, where);
	if (target_is(line, "DNAT") || target_is(line, "REDIRECT"))
		check_rule(check, firewall, RULE_DNAT, where);
}

static void tool_check(struct check *check, struct firewall *firewall, char *tool)
{
	char *argv[] = {tool, NULL}, *text = NULL, *line, *rest;

	if (run_read(argv, &text)) {
		check_add(check, "firewall_iptables", CHECK_WARN,
			  "iptables' rules cannot be read: %s is not installed or failed", tool);
		check_why(check, "a rule that expects a SYN first would cut cookie clients off"
				 " unseen");
		check_remedy(check, "install iptables, or look at the rules yourself");
		return;
	}
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!strncmp(line, "-A ", 3))
			line_judge(check, firewall, tool, line);
	free(text);
}

void check_iptables(struct check *check, struct firewall *firewall)
{
	int legacy4 = file_has_content("/proc/net/ip_tables_names");
	int legacy6 = file_has_content("/proc/net/ip6_tables_names");

	if (legacy4)
		tool_check(check, firewall, "iptables-legacy-save");
	if (legacy6)
		tool_check(check, firewall, "ip6tables-legacy-save");
	if (!firewall->xt)
		return;
	tool_check(check, firewall, "iptables-save");
	tool_check(check, firewall, "ip6tables-save");
}
