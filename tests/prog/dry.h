/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The XDP program once more, for dry runs and on the shield's own maps, and a digest of each of
 * these maps to see whether one has changed.
 */
#ifndef TESTS_PROG_DRY_H
#define TESTS_PROG_DRY_H

#include "shield.h"

struct dry {
	struct shield *shield;
	struct synguard_dry *xdp;
};

enum { DIGESTS_MAX = 32 };

struct digests {
	unsigned int count;
	struct {
		const char *map;
		__u64 hash;
	} of[DIGESTS_MAX];
};

void dry_open(struct dry *d, struct shield *s);
void dry_close(struct dry *d);

/* One frame.  ret->reason is what the program tells; counters are for the digest to look at. */
void dry_frame(struct dry *d, const struct pkt *p, struct outcome *ret, struct dry_room *ret_room);

/* Of every map that a program could change, and of what the ring buffer has had. */
void dry_digests(struct dry *d, struct digests *ret);

#endif
