/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plan.c and the plan-*.c files share. */
#ifndef BUILDER_PLAN_INTERNAL_H
#define BUILDER_PLAN_INTERNAL_H

#include "builder/plan/plan.h"

struct binary_set;
struct module_set;
struct module_table;

/* What the kernel's drivers, ntfs3 or one of the two that are called ntfs, do with NTFS. */
enum ntfs_driver { NTFS_NONE, NTFS_READS, NTFS_WRITES };

struct planner {
	struct plan *plan;
	const struct profile *profile;
	const struct host *host;
	struct diag *diag;
	uint16_t machine; /* of the kernel, as in builder/util/machine.h */
	char *applets;	  /* directory of our programs for it */
	enum ntfs_driver ntfs_driver;
	/* the statement that asks for file systems, from a kernel that does not write NTFS; or NULL
	 */
	const struct stmt *lacks_ntfs;
};

/* Why something is in the image; reason is copied. */
struct cause {
	struct srcloc why;
	const char *reason;
	enum plan_rank rank;
};

/* The cause of what a statement asks for; *ret_reason keeps the text alive and is owned by the
 * caller. */
struct cause stmt_cause(const struct stmt *stmt, char **ret_reason);

/*
 * Appends an item. The strings of *entry are taken over, also on failure; entry->path may begin
 * with '/' and is brought to its place in the image (see plan_image_path). -ENOMEM also when a
 * string that the kind needs is NULL.
 */
int plan_add(struct planner *planner, const struct fs_entry *entry, const struct cause *cause,
	     struct error **err) _must_check_;

/* Short forms of plan_add. path, source and target are copied; data is taken over. */
int plan_add_data(struct planner *planner, enum segment_kind segment, const char *path, char *data,
		  size_t len, mode_t mode, const struct cause *cause,
		  struct error **err) _must_check_;
int plan_add_source(struct planner *planner, enum segment_kind segment, const char *path,
		    const char *source, uint64_t size, mode_t mode, const struct cause *cause,
		    struct error **err) _must_check_;
int plan_add_link(struct planner *planner, enum segment_kind segment, const char *path,
		  const char *target, const struct cause *cause, struct error **err) _must_check_;
int plan_add_dir(struct planner *planner, enum segment_kind segment, const char *path, mode_t mode,
		 const struct cause *cause, struct error **err) _must_check_;

/* Adds the directory at source as dest, with all that is in it; mode 0: each file keeps its own.
 * (plan/files.c) */
int plan_add_tree(struct planner *planner, const char *source, const char *dest, mode_t mode,
		  const struct cause *cause, struct error **err) _must_check_;

/*
 * Where an absolute path of the target lies in the image, without '/' in front: the image has one
 * bin and one lib, so usr/bin, usr/sbin and sbin are bin, usr/lib is lib, usr/lib64 is lib64. Owned
 * by the caller; NULL without memory.
 */
char *plan_image_path(const char *path);

/* Adds a line for the user; takes note over (NULL = no memory). */
int plan_note(struct vec *notes, char *note, struct error **err) _must_check_;

/*
 * SRC as written in stmt -> a path that can be opened: relative ones count from the directory of
 * the profile, on the command line from the current one. Owned by the caller; NULL without memory.
 */
char *plan_source_path(const struct stmt *stmt, const char *src);

/* Sorts, merges, adds parents, and the files that describe the image. */
int plan_finish(struct planner *planner, struct error **err) _must_check_;

/*
 * Sets ntfs_driver and lacks_ntfs by the modules of the kernel, and notes which other file systems
 * the kernel has no driver for, shown without -v where the profile may need them; to be called
 * after `blacklist`. 0 or -ENOMEM. (plan/filesystems.c)
 */
int plan_look_for_file_systems(struct planner *planner, const struct module_table *table,
			       struct error **err) _must_check_;

/*
 * Warns of modules that the root of the profile needs, and that the kernel has and the image lacks.
 * 0 or -ENOMEM. (plan/module/missing.c)
 */
int plan_warn_missing(struct planner *planner, const struct module_table *table,
		      struct error **err) _must_check_;

/*
 * Adds what verifies the signatures of this kernel's modules faster than the kernel itself, and the
 * index modules.first, which names it. 0 or -errno. (plan/usual.c)
 */
int plan_choose_verifier(struct planner *planner, struct module_set *set,
			 struct error **err) _must_check_;
int plan_index_first(struct planner *planner, struct error **err) _must_check_;

/* Marks the modules that most boots load as inflated, where that makes them faster (plan/usual.c).
 */
void plan_inflate_usual(struct module_table *table);

/*
 * Adds ntfs-3g to set, with the reason for it in *ret_reason, owned by the caller. Where it is not
 * installed that is a note, which is shown without -v where the profile may need it, and
 * *ret_reason NULL.
 */
int plan_add_ntfs_3g(struct planner *planner, struct binary_set *set, char **ret_reason,
		     struct error **err) _must_check_;

/* Adds the plugins that `splash` needs to set, with their libraries. (plan/splash.c) */
int plan_add_splash(struct planner *planner, const struct stmt *stmt, struct binary_set *set,
		    struct error **err) _must_check_;

/* plan/machine.c: sets machine and applets, or refuses a machine that we have no programs for; and
 * says which programs in the plan are for another one. */
int plan_machine(struct planner *planner, struct error **err) _must_check_;
int plan_foreign(struct planner *planner, struct error **err) _must_check_;
int plan_skeleton(struct planner *planner, struct error **err) _must_check_; /* plan/skel.c */
int plan_applets(struct planner *planner, struct error **err) _must_check_;  /* plan/applets.c */
int plan_settings(struct planner *planner, struct error **err) _must_check_; /* plan/settings.c */
int plan_modules(struct planner *planner,
		 struct error **err) _must_check_; /* plan/module/modules.c */
int plan_files(struct planner *planner, struct error **err) _must_check_;    /* plan/files.c */
int plan_binaries(struct planner *planner, struct error **err) _must_check_; /* plan/binaries.c */
int plan_keymap(struct planner *planner, struct error **err) _must_check_;   /* plan/keymap.c */
int plan_ssh(struct planner *planner, struct error **err) _must_check_;	     /* plan/ssh.c */
int plan_splash(struct planner *planner, struct error **err) _must_check_;   /* plan/splash.c */
int plan_early(struct planner *planner, struct error **err) _must_check_;    /* plan/early.c */

#endif
