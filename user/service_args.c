// SPDX-License-Identifier: GPL-2.0
/* See service_args.h.  The values are those of the configuration file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "overrides.h"
#include "service_args.h"
#include "setup_values.h"

static const struct value *row_find(const char *key)
{
	const struct value *row;

	for (row = policy_values; row->key; row++)
		if (!strcmp(row->key, key))
			return row;
	return NULL;
}

/* A value as the file's key has it. */
static int number_parse(const char *option, const char *key, const char *text, __u32 *ret_number,
			struct error *error)
{
	const struct value *row = row_find(key);
	char min[UNIT_TEXT], max[UNIT_TEXT];
	__u64 number = 0;
	int err;

	if (!row)
		return error_set(error, -EINVAL, "%s: there is no setting %s", option, key);
	if (row->none && !strcmp(text, row->none)) {
		*ret_number = 0;
		return 0;
	}
	err = unit_parse(row->unit, text, &number);
	if (!err && number >= row->min && number <= row->max) {
		*ret_number = (__u32)number;
		return 0;
	}
	unit_print(row->unit, row->min, min);
	unit_print(row->unit, row->max, max);
	return error_set(error, -EINVAL, "%s: '%.40s' is not %s from %s to %s%s%s", option, text,
			 unit_example(row->unit), min, max, row->none ? ", or " : "",
			 row->none ? row->none : "");
}

struct pair {
	const char *option;
	const char *on_key;
	const char *off_key;
};

/* ON[,OFF]; without OFF it is half of ON. */
static int pair_parse(const struct pair *pair, const char *text, __u32 *ret_on, __u32 *ret_off,
		      struct error *error)
{
	const char *comma = strchr(text, ',');
	char on[48];
	int err;

	snprintf(on, sizeof(on), "%.*s", comma ? (int)(comma - text) : 40, text);
	err = number_parse(pair->option, pair->on_key, on, ret_on, error);
	if (err)
		return err;
	*ret_off = (*ret_on + 1) / 2;
	if (comma)
		err = number_parse(pair->option, pair->off_key, comma + 1, ret_off, error);
	if (err)
		return err;
	if (*ret_off > *ret_on || !*ret_off != !*ret_on)
		return error_set(error, -EINVAL,
				 "%s: '%.60s': an attack is over below the second value, so it"
				 " cannot be the greater one%s",
				 pair->option, text, *ret_off && *ret_on ? "" : ", nor none alone");
	return 0;
}

static int thresholds_parse(const struct args *args, struct policy_change *change,
			    struct error *error)
{
	static const struct pair rate = {"--syn-rate", "attack.syn_rate.on", "attack.syn_rate.off"};
	static const struct pair unfinished = {"--unfinished", "attack.unfinished.on",
					       "attack.unfinished.off"};
	__u32 on = 0, off = 0;
	int err = 0;

	change->syn_rate = args->syn_rate != NULL;
	change->unfinished = args->unfinished != NULL;
	change->hold = args->hold != NULL;
	if (args->syn_rate)
		err = pair_parse(&rate, args->syn_rate, &change->policy.syn_rate_on,
				 &change->policy.syn_rate_off, error);
	if (!err && args->unfinished) {
		err = pair_parse(&unfinished, args->unfinished, &on, &off, error);
		change->policy.unfinished_on = (__u8)on;
		change->policy.unfinished_off = (__u8)off;
	}
	if (!err && args->hold)
		err = number_parse("--hold", "attack.hold", args->hold, &change->policy.hold_ms,
				   error);
	return err;
}

static int words_parse(const struct args *args, struct policy_change *change, struct error *error)
{
	const char *speaks = args->speaks_first;

	change->mode = args->mode != NULL;
	change->speaks_first = speaks != NULL;
	if (args->mode && mode_parse(args->mode, &change->policy.mode))
		return error_set(error, -EINVAL, "--mode '%s' is none of auto, always, monitor",
				 args->mode);
	if (speaks && strcmp(speaks, "yes") != 0 && strcmp(speaks, "no") != 0)
		return error_set(error, -EINVAL, "--speaks-first '%s' is neither yes nor no",
				 speaks);
	change->policy.speaks_first = speaks && !strcmp(speaks, "yes");
	return 0;
}

int service_args_parse(const struct args *args, struct selection *ret_selection,
		       struct policy_change *ret_change, struct error *error)
{
	struct policy_change change = {0};
	int err = words_parse(args, &change, error);

	if (!err)
		err = thresholds_parse(args, &change, error);
	if (!err)
		err = selection_parse(args->service, ret_selection, error);
	if (!err)
		*ret_change = change;
	return err;
}
