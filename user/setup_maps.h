/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A setup in the maps: the programs use one bank of them (runtime.bank), the other one is written
 * whole and then put in force by that one word.
 */
#ifndef SYNGUARD_SETUP_MAPS_H
#define SYNGUARD_SETUP_MAPS_H

#include "setup.h"

/* Descriptors of the maps that have banks. */
struct setup_maps {
	int rules;
	int policies;
	int addr_services;
	int settings;
	int defences;
	int notes;
};

int setup_maps_open(const char *dir, struct setup_maps *ret_maps, struct error *error);
void setup_maps_close(struct setup_maps *maps);

/* The bank in force, 0 or 1; -errno with a message. */
int setup_bank(const char *dir, struct error *error);

/*
 * Fills a bank that is not in force; the sets of the lists that settings.lists says are there must
 * be.  An address and port that the other bank has, too, keeps its struct defence: an attack on it
 * goes on.
 */
int setup_write(const struct setup_maps *maps, __u32 bank, const struct setup *setup,
		const struct origin *origin, struct error *error);

/* The reverse; timeouts and max_conns, which have no banks, are left 0, and settings.lists, too. */
int setup_read_bank(const struct setup_maps *maps, __u32 bank, struct setup *ret_setup,
		    struct origin *ret_origin, struct error *error);

/* The setup in force.  setup_free() it.  ret_origin may be NULL. */
int setup_read_origin(const char *dir, struct setup *ret_setup, struct origin *ret_origin,
		      struct error *error);
int setup_read(const char *dir, struct setup *ret_setup, struct error *error);

#endif
