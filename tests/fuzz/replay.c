// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs a libFuzzer target over the files named on the command line, for compilers without
 * libFuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t len = 0;
	long size;

	if (!file || fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) < 0) {
		perror(path);
		return 1;
	}
	rewind(file);
	/* exactly as large as the input, so that a sanitizer sees a read behind it */
	data = malloc(size ? (size_t)size : 1);
	if (data)
		len = fread(data, 1, (size_t)size, file);
	fclose(file);
	if (!data || len != (size_t)size)
		return 1;
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		status |= replay(argv[i]);
	return status;
}
