/* A slow disk, to be preloaded: every fsync and fdatasync takes SLOW_SYNC_MS milliseconds longer. When the process ends, their number is
   written to the file SLOW_SYNC_COUNT. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static atomic_ulong made;

static int slow(const char *name, int fd) {
  int (*call)(int);
  *(void **)&call = dlsym(RTLD_NEXT, name);
  const char *text = getenv("SLOW_SYNC_MS");
  const long ms = text ? atol(text) : 0;
  struct timespec rest = {ms / 1000, ms % 1000 * 1000000};
  while (ms > 0 && nanosleep(&rest, &rest) != 0) {
  }
  ++made;
  return call(fd);
}

int fsync(int fd) {
  return slow("fsync", fd);
}

int fdatasync(int fd) {
  return slow("fdatasync", fd);
}

__attribute__((destructor)) static void write_count(void) {
  const char *path = getenv("SLOW_SYNC_COUNT");
  FILE *out = path ? fopen(path, "w") : NULL;
  if (!out) return;
  fprintf(out, "%lu\n", (unsigned long)made);
  fclose(out);
}
