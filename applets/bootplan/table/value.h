/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the table: parameters whose value is looked at before it is used. */
#ifndef APPLETS_BOOTPLAN_TABLE_VALUE_H
#define APPLETS_BOOTPLAN_TABLE_VALUE_H

#include <stdint.h>

#include "applets/bootplan/table/table.h"

#define LONGEST_WAIT 86400

/*
 * Decimal digits, with any number of zeros in front, up to max. Returns 0; -EINVAL: something else;
 * -ERANGE: more than max.
 */
int number_parse(const char *text, uint64_t max, uint64_t *ret) _must_check_;

/* A size as tmpfs takes it (1500m, 75%), without zeros in front; NULL when it is none. */
const char *size_text(struct plan *plan, const char *text);

/* Whether name is in list, which has commas between its items. */
bool in_list(struct plan *plan, const char *list, const char *name);

/* /dev/NAME/path: the device, and the path or "/" */
void split_device_path(struct plan *plan, const char *text, const char **ret_device,
		       const char **ret_path);

#define NFS_FORM "root=nfs:[SERVER:]/path[:OPTIONS]"
#define NBD_FORM "nbd:SERVER:PORT-OR-EXPORT[:FSTYPE[:FLAGS[:OPTIONS]]]"

/* nbd:SERVER:PORT-OR-EXPORT... as nbd://; NULL, with a note, when it is none */
const char *nbd_disk_uri(struct plan *plan, const char *text);

/* The forms of an NFS directory (SERVER:/path, /path, //SERVER/path, OPTIONS:SERVER:/path; options
 * behind ':' or ',') as [SERVER:]/path[:OPTIONS]; NULL when it is none */
const char *nfs_place(struct plan *plan, const char *text);

/* Tiny Core's sdXN[/dir], UUID= or LABEL= as HOST:/dir */
const char *tinycore_place(struct plan *plan, const char *text);

void take_seconds(struct plan *plan, const struct word *word); /* a wish for a longer time limit */
void take_timeout(struct plan *plan, const struct word *word);
void take_patience(struct plan *plan, const struct word *word);
void take_waitusb(struct plan *plan, const struct word *word);
void take_panic(struct plan *plan, const struct word *word);
void take_size(struct plan *plan, const struct word *word);
void take_mebibytes(struct plan *plan, const struct word *word);
void take_part(struct plan *plan, const struct word *word);
void take_persist(struct plan *plan, const struct word *word);
void take_generations(struct plan *plan, const struct word *word);
void take_swap(struct plan *plan, const struct word *word);
void take_runlevel(struct plan *plan, const struct word *word);
void take_console(struct plan *plan, const struct word *word);
void take_ip(struct plan *plan, const struct word *word);
void take_bootdev(struct plan *plan, const struct word *word);
void take_route(struct plan *plan, const struct word *word);
void take_name_server(struct plan *plan, const struct word *word);
void take_dhcp_limit(struct plan *plan, const struct word *word);
void take_ethdevice(struct plan *plan, const struct word *word);
void take_keymap(struct plan *plan, const struct word *word); /* the word, to be named */
void take_list(struct plan *plan, const struct word *word);
void take_root_live(struct plan *plan, const struct word *word);
void take_root_nbd(struct plan *plan, const struct word *word);
void take_root_nfs(struct plan *plan, const struct word *word);
void take_nbdroot(struct plan *plan, const struct word *word);
void take_image(struct plan *plan, const struct word *word); /* several addresses: mirrors */
void take_root_url(struct plan *plan, const struct word *word);
void take_netroot(struct plan *plan, const struct word *word);
void take_overlay_tmpfs(struct plan *plan, const struct word *word);
void take_overlay_crypt(struct plan *plan, const struct word *word);
void take_overlayroot(struct plan *plan, const struct word *word);
void take_ntfsloop(struct plan *plan, const struct word *word);
void take_luks_uuid(struct plan *plan, const struct word *word);
void take_luks_name(struct plan *plan, const struct word *word);
void take_luks_options(struct plan *plan, const struct word *word);
void take_luks_discards(struct plan *plan, const struct word *word);
void take_cryptdevice(struct plan *plan, const struct word *word);
void take_kroot(struct plan *plan, const struct word *word);
void take_bind(struct plan *plan, const struct word *word);
void take_tce(struct plan *plan, const struct word *word);
void take_extra(struct plan *plan, const struct word *word);
void take_overlay_host(struct plan *plan, const struct word *word);
void take_fromiso(struct plan *plan, const struct word *word);
void take_fetch(struct plan *plan, const struct word *word);
void take_tohd(struct plan *plan, const struct word *word);
void take_slax_from(struct plan *plan, const struct word *word);
void take_perchdir(struct plan *plan, const struct word *word);
void take_perchsize(struct plan *plan, const struct word *word);
void take_slax_flags(struct plan *plan, const struct word *word);
void take_place(struct plan *plan, const struct word *word);
void take_pupsfs(struct plan *plan, const struct word *word);
void take_pfix(struct plan *plan, const struct word *word);
void take_iso_path(struct plan *plan, const struct word *word);
void take_luksdev(struct plan *plan, const struct word *word);
void take_changes(struct plan *plan, const struct word *word);
void take_root_medium(struct plan *plan, const char *spec, int rank);

#endif
