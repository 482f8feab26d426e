// SPDX-License-Identifier: GPL-2.0
/* What may be told of a ring: times, no secrets.  Pure. */
#include "keyring.h"
#include "keys.h"

/* What the sweeper, which looks twenty times a second, may be late. */
enum { STALE_S = 10 };

static __u32 seconds_up(__u64 jiffies, __u32 hz)
{
	return (__u32)((jiffies + hz - 1) / hz);
}

/* Until the epoch begins. */
static __u64 jiffies_until(const struct keys *ring, const struct config *config, __u64 epoch,
			   __u64 jiffies)
{
	const __u64 start = epoch << config->epoch_shift, now = keys_clock(ring, jiffies);

	return start > now ? start - now : 0;
}

void keys_status_at(const struct keys *ring, const struct config *config, __u64 jiffies,
		    struct keys_status *ret_status)
{
	const __u64 epoch = cookie_epoch_now(ring, config, jiffies);
	const __u64 ago = jiffies > ring->turned_at ? jiffies - ring->turned_at : 0;
	struct keys_status status = {.shared = ring->shared, .turns = ring->turns};

	if (!config->hz || config->epoch_shift > 31) {
		*ret_status = status;
		return;
	}
	status.turning = epoch < keys_since(ring);
	status.serves_in_s =
	    seconds_up(jiffies_until(ring, config, keys_since(ring), jiffies), config->hz);
	status.wait_s = seconds_up(
	    jiffies_until(ring, config, epoch + keys_wait(ring, epoch), jiffies), config->hz);
	status.turned_ago_s = ago / config->hz;
	status.periodic = ring->period != 0;
	status.period_s = (__u32)(ring->period / config->hz);
	if (status.periodic && ring->period > ago)
		status.next_in_s = seconds_up(ring->period - ago, config->hz);
	status.stale =
	    status.periodic && !status.wait_s && ago > ring->period + (__u64)STALE_S * config->hz;
	*ret_status = status;
}
