// SPDX-License-Identifier: GPL-2.0
/* From defences to attacks, and what status says of them.  Pure; attacks_read.c has the maps. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "attacks.h"
#include "defend.h"
#include "text.h"

bool attack_window_is_young(const struct defence *defence, const struct attacks_clock *clock)
{
	return (__u32)clock->jiffies - defence->window < (defend_window(clock->hz) + 1) / 2;
}

__u32 attack_syn_rate(const struct defence *defence, const struct attacks_clock *clock)
{
	const __u32 passed = (__u32)clock->jiffies - defence->window;
	__u64 rate;

	if (passed >= 2 * defend_window(clock->hz))
		return 0;
	rate = (__u64)defence->syns * clock->hz / (passed ? passed : 1);
	return rate > UINT32_MAX ? UINT32_MAX : (__u32)rate;
}

static struct attack attack_make(const struct defence *defence, __u32 index,
				 const struct attacks_clock *clock)
{
	const int active = defend_active(defence, clock->jiffies);

	return (struct attack){
	    .index = index,
	    .any_addr = true,
	    .port = index < MAX_PORTS ? (__u16)index : 0,
	    .active = active,
	    .age_s =
		clock->boottime_s > defence->started_s ? clock->boottime_s - defence->started_s : 0,
	    .syn_rate = active ? attack_syn_rate(defence, clock) : 0,
	};
}

void attacks_find(const struct defence *defences, __u32 count, const struct attacks_clock *clock,
		  struct attacks *ret_attacks)
{
	struct attacks found = {0};
	__u32 i, last = count;

	for (i = 0; i < count; i++) {
		if (!defences[i].attacks)
			continue;
		found.seen += defences[i].attacks;
		if (last == count || defences[i].started_s > defences[last].started_s)
			last = i;
		if (!defend_active(&defences[i], clock->jiffies))
			continue;
		found.active++;
		if (found.count < ATTACKS_MAX)
			found.of[found.count++] = attack_make(&defences[i], i, clock);
	}
	if (!found.active && last != count)
		found.of[found.count++] = attack_make(&defences[last], last, clock);
	*ret_attacks = found;
}

static void where_add(const struct attack *attack, struct text *text)
{
	if (attack->any_addr && !attack->port) {
		text_str(text, "a service that is gone");
	} else if (attack->any_addr) {
		text_str(text, "port ");
		text_u64(text, attack->port);
	} else {
		text_endpoint(text, attack->addr, attack->port);
	}
}

static void text_end(struct text *text)
{
	text->data[text->used < text->size ? text->used : text->size - 1] = '\0';
}

void attack_text(const struct attack *attack, char ret_text[ATTACK_TEXT_MAX])
{
	struct text text = {.data = ret_text, .size = ATTACK_TEXT_MAX - 1};

	where_add(attack, &text);
	text_str(&text, " for ");
	text_duration(&text, attack->age_s);
	text_str(&text, ", ");
	text_quantity(&text, attack->syn_rate);
	text_str(&text, " SYN/s");
	text_end(&text);
}

void attacks_past_text(const struct attacks *attacks, char ret_text[ATTACK_TEXT_MAX])
{
	struct text text = {.data = ret_text, .size = ATTACK_TEXT_MAX - 1};

	text_str(&text, "none now");
	if (attacks->seen && attacks->count) {
		text_str(&text, "; the last one: ");
		where_add(&attacks->of[0], &text);
		text_str(&text, ", it began ");
		text_duration(&text, attacks->of[0].age_s);
		text_str(&text, " ago; ");
		text_u64(&text, attacks->seen);
		text_str(&text, " so far");
	}
	text_end(&text);
}
