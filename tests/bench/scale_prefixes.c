// SPDX-License-Identifier: GPL-2.0
/* Cost of a SYN that is on no list against the number of prefixes on the denylist. */
#include <unistd.h>

#include "scale.h"

/* Both families at this size; 0: no list is in force. */
static void prefixes_measure(struct scale *s, __u32 size)
{
	struct row rows[] = {scale_row_syn("SYN answered, IPv4", 0),
			     scale_row_syn("SYN answered, IPv6", 1)};

	for (int v6 = 0; v6 < 2; v6++) {
		rows[v6].denying = size > 0;
		s->b.sets[v6] = size ? list_make(v6, size) : -1;
	}
	scale_measure(s, "prefixes", size, rows, COUNT_OF(rows));
	for (int v6 = 0; v6 < 2 && size; v6++)
		close(s->b.sets[v6]);
}

void scale_prefixes(struct scale *s)
{
	static const __u32 sizes[] = {0, 1000, 100000, 1000000};

	scale_table_open(s, MAX_CONNS);
	for (size_t i = 0; i < COUNT_OF(sizes) && !(s->quick && sizes[i] > SCALE_QUICK_MAX); i++)
		prefixes_measure(s, sizes[i]);
	scale_table_close(s);
}
