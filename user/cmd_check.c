// SPDX-License-Identifier: GPL-2.0
/* synguard check: looks at everything that could keep protection from working, and prints it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "check.h"
#include "cli.h"
#include "host.h"
#include "names.h"
#include "output.h"

static const char *const level_names[] = {
    [CHECK_OK] = "ok", [CHECK_WARN] = "warn", [CHECK_FAIL] = "fail"};

static json_t *findings_json(const struct check *check)
{
	json_t *array = json_array();
	const struct finding *finding;
	unsigned int i;

	for (i = 0; i < check->count; i++) {
		finding = &check->finding[i];
		json_array_append_new(
		    array, json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", finding->name, "level",
				     level_names[finding->level], "what", finding->what, "why",
				     finding->why, "remedy", finding->remedy));
	}
	return json_pack("{s:s?, s:o}", "interface", check->iface ? check->iface->name : NULL,
			 "findings", array);
}

static void findings_print(const struct check *check)
{
	const struct finding *finding;
	unsigned int i;

	for (i = 0; i < check->count; i++) {
		finding = &check->finding[i];
		printf("%-4s  %-18s %s\n", level_names[finding->level], finding->name,
		       finding->what);
		if (*finding->why)
			printf("      %-18s why: %s\n", "", finding->why);
		if (*finding->remedy)
			printf("      %-18s do:  %s\n", "", finding->remedy);
	}
}

static unsigned int level_count(const struct check *check, enum check_level level)
{
	unsigned int i, count = 0;

	for (i = 0; i < check->count; i++)
		count += check->finding[i].level == level;
	return count;
}

static int check_show(const struct args *args, const struct check *check)
{
	unsigned int fails = level_count(check, CHECK_FAIL);

	if (args->json) {
		if (output_json(findings_json(check), JSON_PRETTY))
			return EXIT_FAILED;
	} else {
		findings_print(check);
		printf("%u ok, %u to consider, %u failed\n", level_count(check, CHECK_OK),
		       level_count(check, CHECK_WARN), fails);
	}
	return fails ? EXIT_FAILED : EXIT_OK;
}

/* An interface that was renamed is attached under its earlier name. */
static void report_find_renamed(__u32 ifindex, struct report *ret_report)
{
	struct report report;
	struct names names;
	unsigned int i;

	names_list(NULL, &names);
	for (i = 0; i < names.count; i++) {
		report_make(names.name[i], &report);
		if (report.instance.state == INSTANCE_LIVE && report.instance.ifindex == ifindex &&
		    report.instance.netns == host_netns()) {
			report_free(ret_report);
			*ret_report = report;
		} else {
			report_free(&report);
		}
	}
}

static void report_read(const struct iface *iface, struct report *ret_report)
{
	struct error error;

	if (access_check(&error)) {
		report_make_unknown(iface->name, &error, ret_report);
		return;
	}
	report_make(iface->name, ret_report);
	if (ret_report->instance.state == INSTANCE_NONE)
		report_find_renamed(iface->index, ret_report);
}

int cmd_check(const struct args *args)
{
	struct check *check = calloc(1, sizeof(*check));
	struct report report;
	struct iface iface;
	int code;

	if (!check)
		return EXIT_FAILED;
	if (args->iface && iface_read(args->iface, &iface)) {
		fprintf(stderr,
			"synguard: cannot check %s: there is no such interface in this network"
			" namespace; list them with: ip link\n",
			args->iface);
		free(check);
		return EXIT_FAILED;
	}
	check_host(check);
	if (args->iface) {
		report_read(&iface, &report);
		check->iface = &iface;
		check->report = &report;
		check->instance = &report.instance;
		check_iface(check);
	}
	check_firewall(check);
	if (args->iface)
		check_traffic(check);
	code = check_show(args, check);
	if (args->iface)
		report_free(&report);
	free(check);
	return code;
}
