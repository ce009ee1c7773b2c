/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where profiles lie: $MKVINITRD_PROFILES, /etc/mkvinitrd/profiles, the shipped ones. */
#ifndef BUILDER_CMD_PROFILE_DIRECTORIES_H
#define BUILDER_CMD_PROFILE_DIRECTORIES_H

#include "builder/host/host.h"
#include "builder/profile/profile.h"

struct profile_directories {
	struct vec directories; /* char *, owned, first match wins */
};

/* -ENOMEM. */
int profile_directories_init(struct profile_directories *directories, const struct host *host,
			     struct error **err) _must_check_;
void profile_directories_release(struct profile_directories *directories);

/*
 * A loader that looks for "common", "common.profile" or a path: beside the including file, then in
 * the directories. A file that includes its own name means the next one of that name, so that a
 * profile in /etc can extend the shipped one. directories must outlive it.
 */
struct profile_loader profile_directories_loader(struct profile_directories *directories);

/*
 * The path of profile `name_or_path` as -p takes it; owned by the caller. -ENOENT: the message
 * tells where it was sought and what a similar profile is called.
 */
int profile_directories_find(const struct profile_directories *directories,
			     const char *name_or_path, char **ret, struct error **err) _must_check_;

/* Appends the names (without .profile) of all profiles, sorted, each once: char *, owned by the
 * caller. */
int profile_directories_list(const struct profile_directories *directories, struct vec *names,
			     struct error **err) _must_check_;

#endif
