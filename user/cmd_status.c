// SPDX-License-Identifier: GPL-2.0
/*
 * synguard status: what is attached where, whether it still is as the loader left it, and whether
 * it is under attack.
 */
#include <stdio.h>

#include "access.h"
#include "cli.h"
#include "names.h"
#include "output.h"
#include "report.h"

static int one_status(const struct args *args)
{
	struct report report;
	int code;

	report_make(args->iface, &report);
	if (report.instance.state == INSTANCE_NONE && !if_nametoindex(args->iface)) {
		fprintf(stderr,
			"synguard: no status of %s: there is no such interface in this network"
			" namespace, and nothing is attached under that name; list them with: ip"
			" link\n",
			args->iface);
		return EXIT_FAILED;
	}
	if (report.instance.state == INSTANCE_NONE) {
		fprintf(stderr,
			"synguard: no status of %s: it is not attached; attach it: synguard attach"
			" %s\n",
			args->iface, args->iface);
		return EXIT_FAILED;
	}
	code = *report.problem ? EXIT_FAILED : EXIT_OK;
	if (!args->json)
		report_print(&report);
	else if (output_json(report_json(&report), JSON_PRETTY))
		code = EXIT_FAILED;
	report_free(&report);
	return code;
}

static int every_status(const struct args *args)
{
	json_t *array = args->json ? json_array() : NULL;
	struct names names;
	struct report report;
	int code = EXIT_OK;
	unsigned int i;

	names_list(NULL, &names);
	for (i = 0; i < names.count; i++) {
		report_make(names.name[i], &report);
		if (report.instance.state == INSTANCE_NONE)
			continue;
		if (*report.problem)
			code = EXIT_FAILED;
		if (args->json)
			json_array_append_new(array, report_json(&report));
		else
			report_print(&report);
		report_free(&report);
	}
	if (args->json)
		return output_json(array, JSON_PRETTY) ? EXIT_FAILED : code;
	if (!names.count)
		printf("nothing is attached; to protect an interface: synguard attach IFACE\n");
	return code;
}

int cmd_status(const struct args *args)
{
	struct error error;

	if (access_check(&error)) {
		fprintf(stderr, "synguard: no status: %s\n", error.text);
		return EXIT_FAILED;
	}
	return args->iface ? one_status(args) : every_status(args);
}
