// SPDX-License-Identifier: GPL-2.0
/* The configuration file but its services. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "setup_from_words.h"

/* Defaults of the lower thresholds, as shares of the upper ones. */
enum { RATE_OFF_SHARE = 2, UNFINISHED_OFF_SHARE = 5 };

/* include/bucket.h: at 100 jiffies a second, what comes between two of them needs room. */
enum { BURST_SHARE = 100 };

struct threshold {
	const char *on_text, *off_text; /* NULL: not in the file here */
	const char *key;                /* of the lower one */
	enum unit unit;
	__u32 share;
};

/* The lower threshold that belongs to the upper one. */
static __u32 off_settle(const struct reader *reader, const struct threshold *t, __u32 on, __u32 off)
{
	char found[FOUND_TEXT], limit[UNIT_TEXT];

	if (t->on_text && !t->off_text)
		return on && on < t->share ? 1 : on / t->share;
	if (!on || (off && off <= on))
		return off;
	unit_print(t->unit, on, limit);
	reader_tell(reader, t->key,
		    "found %s, expected at most what is above which an attack begins (on): %s",
		    found_text(t->off_text ? t->off_text : "none", found), limit);
	return on;
}

void attack_read(const struct reader *reader, const struct attack_words *words,
		 struct policy *policy)
{
	const struct threshold rate = {words->syn_rate.on, words->syn_rate.off,
				       "attack.syn_rate.off", UNIT_RATE, RATE_OFF_SHARE};
	const struct threshold unfinished = {words->unfinished.on, words->unfinished.off,
					     "attack.unfinished.off", UNIT_PERCENT,
					     UNFINISHED_OFF_SHARE};
	const unsigned int problems = reader->problems->count;

	values_read(reader, policy_values, words, policy);
	if (reader->problems->count != problems)
		return;
	policy->syn_rate_off = off_settle(reader, &rate, policy->syn_rate_on, policy->syn_rate_off);
	policy->unfinished_off =
	    (__u8)off_settle(reader, &unfinished, policy->unfinished_on, policy->unfinished_off);
	if (policy->mode != MODE_ALWAYS && !policy->syn_rate_on && !policy->unfinished_on)
		reader_tell(reader, "attack",
			    "found no threshold, expected syn_rate.on or unfinished.on other than"
			    " none in mode %s",
			    mode_words.words[policy->mode]);
}

static void limit_check(const struct reader *reader, const char *key, const char *burst_text,
			struct rate_limit *limit)
{
	char rate[UNIT_TEXT], found[FOUND_TEXT], burst[UNIT_TEXT], least[UNIT_TEXT];

	if (!limit->rate) {
		limit->burst = 0;
		return;
	}
	if ((__u64)limit->burst * BURST_SHARE >= limit->rate)
		return;
	unit_print(UNIT_COUNT, limit->burst, burst);
	unit_print(UNIT_COUNT, (limit->rate + BURST_SHARE - 1) / BURST_SHARE, least);
	unit_print(UNIT_RATE, limit->rate, rate);
	reader_tell(reader, key, "found %s%s, expected at least %s, a hundredth of the rate %s",
		    found_text(burst, found), burst_text ? "" : " (the default)", least, rate);
}

static void limits_check(const struct reader *reader, const struct limits_words *words,
			 struct settings *settings)
{
	limit_check(reader, "limits.synack_per_prefix.burst", words->synack.burst,
		    &settings->synack);
	limit_check(reader, "limits.syn_to_live.burst", words->live_syn.burst, &settings->live_syn);
	limit_check(reader, "limits.new_connections.burst", words->new_conn.burst,
		    &settings->new_conn);
	limit_check(reader, "limits.bad_acks.burst", words->bad_ack.burst, &settings->bad_ack);
}

/* From the root, because a reload may run anywhere. */
static int path_read(const struct reader *reader, const char *key, const char *text,
		     char **ret_path)
{
	char found[FOUND_TEXT];

	if (!text)
		return 0;
	if (*text != '/' || strlen(text) >= PATH_MAX) {
		reader_tell(reader, key,
			    "found %s, expected a file name from the root, as in"
			    " /etc/synguard/NAME",
			    found_text(text, found));
		return 0;
	}
	*ret_path = strdup(text);
	return *ret_path ? 0 : -ENOMEM;
}

static int files_read(const struct reader *reader, const struct setup_words *words,
		      struct setup *setup)
{
	int err = path_read(reader, "keys.file", words->keys.file, &setup->key_file);

	if (!err && words->allow)
		err = path_read(reader, "allow.file", words->allow->file, &setup->allow_file);
	if (!err && words->deny)
		err = path_read(reader, "deny.file", words->deny->file, &setup->deny_file);
	if (!err && setup->key_file && setup->rotate_s)
		reader_tell(reader, "keys.rotate",
			    "found '%s', expected never (or no keys.file): who shares a key must"
			    " change it together",
			    words->keys.rotate);
	return err;
}

int setup_from_words(struct reader *reader, const struct setup_words *words, struct setup *setup)
{
	struct policy policy = setup_default_policy();
	int mode = word_read(reader, "mode", words->mode, &mode_words, MODE_AUTO);
	int xdp = word_read(reader, "xdp", words->xdp, &xdp_words, XDP_CHOICE_AUTO);
	unsigned int problems = reader->problems->count;
	int err;

	policy.mode = mode < 0 ? MODE_AUTO : (enum mode)mode;
	setup->settings.mode = policy.mode;
	setup->xdp = (enum xdp_choice)xdp;
	values_read(reader, setup_values, words, setup);
	if (reader->problems->count == problems)
		limits_check(reader, &words->limits, &setup->settings);
	attack_read(reader, &words->attack, &policy);
	err = files_read(reader, words, setup);
	return err ? err : services_read(reader, words, &policy, setup);
}
