// SPDX-License-Identifier: GPL-2.0
/* synguard config show: the settings in force as a configuration file. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "live.h"
#include "setup_config.h"
#include "setup_maps.h"

static int yaml_print(const struct instance *instance, struct error *error)
{
	struct setup setup;
	char *text;
	int err = setup_read(instance->dir, &setup, error);

	if (err)
		return err;
	text = setup_config_print(&setup);
	if (text)
		fputs(text, stdout);
	setup_free(&setup);
	free(text);
	return text ? 0 : error_set(error, -1, "out of memory");
}

int cmd_config_show(const struct args *args)
{
	struct instance instance;
	struct error error;
	int code, lock = live_lock("show the configuration");

	if (lock < 0)
		return EXIT_FAILED;
	code = live_choose("config show", "show the configuration", args->iface, &instance);
	if (!code && yaml_print(&instance, &error)) {
		fprintf(stderr, "synguard: cannot show the configuration of %s: %s\n",
			instance.name, error.text);
		code = EXIT_FAILED;
	}
	close(lock);
	return code;
}
