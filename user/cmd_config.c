// SPDX-License-Identifier: GPL-2.0
/* synguard config check FILE, synguard config default: what needs nothing but the file. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "setup_config.h"
#include "setup_view.h"

/* "f: ok: 7 services in mode auto, one of all ports" */
static void summary_print(const char *file, const struct setup *setup)
{
	unsigned int counts[MODE_AUTO + 1] = {0}, i;
	const char *comma = "";
	int mode;

	printf("%s: ok: ", file);
	if (!setup->count)
		printf("no services: nothing is protected");
	for (i = 0; i < setup->count; i++)
		counts[setup->services[i].policy.mode]++;
	for (mode = MODE_ALWAYS; mode <= MODE_AUTO; mode++) {
		if (!counts[mode])
			continue;
		printf("%s%u service%s in mode %s", comma, counts[mode],
		       counts[mode] == 1 ? "" : "s", mode_name((enum mode)mode));
		comma = ", ";
	}
	printf("%s\n", setup->all_ports ? ", one of all ports" : "");
}

int cmd_config_check(const struct args *args)
{
	struct setup setup;
	struct error error;
	char *problems = NULL;

	if (setup_config_load(args->file, &setup, &error, &problems)) {
		fprintf(stderr, "%s\n", problems ? problems : error.text);
		free(problems);
		return EXIT_FAILED;
	}
	summary_print(args->file, &setup);
	setup_free(&setup);
	return EXIT_OK;
}

int cmd_config_default(const struct args *args)
{
	(void)args;
	fputs(config_default_yaml, stdout);
	return EXIT_OK;
}
