// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers, sizes, times, and the parameters of the kernel and of ours that take them. */
#include "applets/bootplan/table/value.h"
#include "applets/bootplan/glob.h"

#include <errno.h>

#include <string.h>

int number_parse(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text || text[strspn(text, "0123456789")])
		return -EINVAL;
	for (; *text; text++)
		if (!mul_u64(value, 10, &value) || !add_u64(value, (uint64_t)(*text - '0'), &value))
			return -ERANGE;
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

/* The digits at the beginning of text as a number. Returns what is behind them, NULL without a
 * number. */
static const char *leading_number(struct plan *plan, const char *text, uint64_t max, uint64_t *ret)
{
	const size_t len = strspn(text, "0123456789");

	if (number_parse(plan_text(plan, "%.*s", (int)len, text), max, ret) < 0)
		return NULL;
	return text + len;
}

/* A size as tmpfs takes it (1500m, 75%), without zeros in front; NULL when it is none. */
const char *size_text(struct plan *plan, const char *text)
{
	static const char units[] = "kKmMgGtT";
	uint64_t value;
	const char *unit = leading_number(plan, text, UINT64_C(1) << 50, &value);

	if (!unit || value == 0)
		return NULL;
	if (strcmp(unit, "%") == 0)
		return value <= 100 ? plan_text(plan, "%llu%%", (unsigned long long)value) : NULL;
	if (*unit && (!strchr(units, *unit) || unit[1] || value >= UINT64_C(1) << 30))
		return NULL;
	return plan_text(plan, "%llu%s", (unsigned long long)value, unit);
}

static bool seconds(struct plan *plan, const struct word *word, const char *text, uint64_t max,
		    uint64_t *ret)
{
	const int r = number_parse(text, UINT64_MAX, ret);

	if (r == -EINVAL) {
		parameter_wrong(plan, word);
		return false;
	}
	if (r < 0 || *ret > max)
		*ret = max;
	return true;
}

static void wait_at_least(struct plan *plan, const struct word *word, const char *text)
{
	uint64_t value;

	if (seconds(plan, word, text, LONGEST_WAIT, &value))
		plan_set(plan, S_WAITS, word->rank,
			 plan_text(plan, "+%llu", (unsigned long long)value));
}

void take_seconds(struct plan *plan, const struct word *word)
{
	wait_at_least(plan, word, word->value);
}

/* waitusb=SECONDS[:UUID=...]: what is waited for ends the wait anyway */
void take_waitusb(struct plan *plan, const struct word *word)
{
	const char *colon = strchr(word->value, ':');

	if (colon && strchr(colon, '='))
		wait_at_least(plan, word,
			      plan_text(plan, "%.*s", (int)(colon - word->value), word->value));
	else
		wait_at_least(plan, word, word->value);
}

void take_timeout(struct plan *plan, const struct word *word)
{
	uint64_t value;

	if (seconds(plan, word, word->value, LONGEST_WAIT, &value))
		plan_set(plan, S_WAITS, word->rank,
			 plan_text(plan, "%llu", (unsigned long long)value));
}

void take_patience(struct plan *plan, const struct word *word)
{
	uint64_t value;

	if (seconds(plan, word, word->value, UINT32_MAX, &value))
		plan_set(plan, S_PATIENCE, word->rank,
			 plan_text(plan, "%llu", (unsigned long long)value));
}

void take_panic(struct plan *plan, const struct word *word)
{
	const bool negative = word->value[0] == '-';
	uint64_t value;

	if (!seconds(plan, word, word->value + negative, INT32_MAX, &value))
		return;
	plan_set(
		plan, S_PANIC, word->rank,
		plan_text(plan, "%s%llu", negative && value ? "-" : "", (unsigned long long)value));
}

void take_size(struct plan *plan, const struct word *word)
{
	const char *size = *word->value ? size_text(plan, word->value) : "";

	if (size)
		plan_set(plan, S_SIZE, word->rank, size);
	else
		parameter_wrong(plan, word);
}

void take_mebibytes(struct plan *plan, const struct word *word)
{
	uint64_t value;

	if (number_parse(word->value, UINT64_C(1) << 30, &value) < 0 || !value)
		parameter_wrong(plan, word);
	else
		plan_set(plan, S_SIZE, word->rank,
			 plan_text(plan, "%llum", (unsigned long long)value));
}

/* A partition by number, also as behind p or /dev/vdhost/Partition, or by what findimg(8) knows. */
void take_part(struct plan *plan, const struct word *word)
{
	const char *text = word->value;
	uint64_t number;
	int r;

	if (strncmp(text, "/dev/vdhost/Partition", 21) == 0)
		text += 21;
	else if (*text == 'p' && text[1] && !text[1 + strspn(text + 1, "0123456789")])
		text++;
	r = number_parse(text, 9999, &number);
	if (r == -ERANGE || (r == 0 && !number) || (r < 0 && text != word->value))
		parameter_wrong(plan, word);
	else
		plan_set(plan, S_PART, word->rank,
			 r == 0 ? plan_text(plan, "%u", (unsigned int)number) : text);
}

void take_kroot(struct plan *plan, const struct word *word)
{
	struct word part = *word;

	part.value = strrchr(word->value, 'p');
	take_part(plan, &part);
}

/* Each of the options of a store of generations: rollback=N, commit, discard, ask; NULL when one is
 * not known. */
static const char *generations(struct plan *plan, const char *text)
{
	const char *all = "";

	while (*text) {
		const size_t len = strcspn(text, ",");
		const char *one = plan_text(plan, "%.*s", (int)len, text);
		uint64_t n;

		if (strncmp(one, "rollback=", 9) == 0) {
			if (number_parse(one + 9, 9, &n) < 0 || !n)
				return NULL;
			one = plan_text(plan, "rollback=%u", (unsigned int)n);
		} else if (strcmp(one, "commit") != 0 && strcmp(one, "discard") != 0 &&
			   strcmp(one, "ask") != 0) {
			return NULL;
		}
		all = plan_text(plan, "%s%s%s", all, *all ? "," : "", one);
		text += len + (text[len] == ',');
	}
	return all;
}

void take_generations(struct plan *plan, const struct word *word)
{
	const char *all = generations(plan, word->value + (*word->value == ','));

	if (all)
		plan_set(plan, S_GENERATIONS, word->rank, all);
	else
		parameter_wrong(plan, word);
}

/* What follows the path of a store: [,SIZE][,GENERATIONS] */
static const char *store_options(struct plan *plan, const char *text)
{
	const size_t len = strcspn(text, ",");
	const char *size = "", *rest = text;

	if (*text >= '0' && *text <= '9') {
		size = size_text(plan, plan_text(plan, "%.*s", (int)len, text));
		rest = text + len + (text[len] == ',');
	}
	rest = generations(plan, rest);
	if (!size || !rest)
		return NULL;
	return plan_text(plan, "%s%s%s%s", *size ? "," : "", size, *rest ? "," : "", rest);
}

/* Where a store's options begin: at the first ',' before nothing but what looks like some. */
static const char *options_of(const char *text)
{
	static const char *const looks[] = { "[0-9]*", "rollback=*", "commit",	  "discard",
					     "ask",    "commit,*",   "discard,*", "ask,*" };

	for (const char *comma = strchr(text, ','); comma; comma = strchr(comma + 1, ','))
		for (size_t i = 0; i < ARRAY_SIZE(looks); i++)
			if (!strchr(comma, '/') && glob_matches(looks[i], comma + 1))
				return comma;
	return NULL;
}

void take_persist(struct plan *plan, const struct word *word)
{
	const char *comma = options_of(word->value), *options = "", *text = word->value;

	if (strncmp(text, "ram:", 4) == 0) {
		options = size_text(plan, text + 4);
		text = "ram:";
	} else if (comma && (strncmp(text, "dir:", 4) == 0 || strncmp(text, "file:", 5) == 0 ||
			     strncmp(text, "device:", 7) == 0)) {
		options = store_options(plan, comma + 1);
		text = plan_text(plan, "%.*s", (int)(comma - text), text);
	}
	if (options)
		plan_set(plan, S_PERSIST, word->rank, plan_text(plan, "%s%s", text, options));
	else
		parameter_wrong(plan, word);
}

void take_swap(struct plan *plan, const struct word *word)
{
	static const char *const forms[] = { "auto", "zram", "?*=*", "/dev/*" };
	const char *size;

	if (!*word->value || strcmp(word->value, "none") == 0) {
		plan_clear(plan, S_SWAP, word->rank);
		return;
	}
	if (strncmp(word->value, "zram:", 5) == 0) {
		size = size_text(plan, word->value + 5);
		if (size && !strchr(size, '%')) {
			plan_set(plan, S_SWAP, word->rank, plan_text(plan, "zram:%s", size));
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (glob_matches(forms[i], word->value)) {
			plan_set(plan, S_SWAP, word->rank, word->value);
			return;
		}
	parameter_wrong(plan, word);
}

void take_keymap(struct plan *plan, const struct word *word)
{
	plan_set(plan, S_KEYMAP, word->rank, word->text);
}
