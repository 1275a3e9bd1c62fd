/* Runs tables of launches on threads that stay.
 *
 * A launch is a kernel, the addresses of its buffers and a grid of workgroups. The threads, of which the caller is
 * one, take workgroups a chunk at a time and go on to the next launch when all chunks of this one are done,
 * whoever did them: a thread that wakes late keeps nobody waiting. Which thread runs a workgroup decides nothing
 * about its results. Between tables the threads look for work for a moment, and then sleep.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#if defined(__x86_64__) || defined(__i386__)
#define RELAX() __builtin_ia32_pause()
#else
#define RELAX() ((void)0)
#endif

typedef void (*Kernel)(void *const *buffers, const uint32_t *grid, uint32_t first, uint32_t last);

/* As `LaunchEntry` of runtime/cpu/pool.py lays it out. */
typedef struct {
  Kernel kernel;
  void *const *buffers;
  uint32_t grid[3];
  uint32_t chunk; /* workgroups that a thread takes at once */
  double seconds; /* how long it took, where that was asked for */
} Launch;

typedef struct {
  uint32_t next, done; /* workgroups that were taken, and that are finished */
  char padding[56];    /* a cache line each */
} Progress;

typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  uint32_t threads, table; /* `table` counts the tables handed over */
  uint32_t open, inside, quit, sleeping;
  Launch *launches;
  uint32_t count;
  Progress *progress;
  uint32_t capacity;
  pthread_t *others;
} Pool;

enum { SPINS = 4000, IDLE_NANOSECONDS = 200000 };

/* One order of all: `run` closes a table and then looks who is inside, while a thread enters and then looks whether
 * the table is open. With anything less each may miss the other, and a thread would work on counters that are being
 * reset. */
#define GET(x) __atomic_load_n(&(x), __ATOMIC_SEQ_CST)
#define SET(x, value) __atomic_store_n(&(x), value, __ATOMIC_SEQ_CST)
#define ADD(x, value) __atomic_fetch_add(&(x), value, __ATOMIC_SEQ_CST)

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void yield_to_others(void) {
  struct timespec moment = {0, 1000};
  nanosleep(&moment, NULL);
}

static void work(Pool *pool) {
  for (uint32_t i = 0; i < pool->count; i++) {
    Launch *launch = &pool->launches[i];
    Progress *progress = &pool->progress[i];
    const uint32_t total = launch->grid[0] * launch->grid[1] * launch->grid[2];
    while (GET(progress->next) < total) {
      const uint32_t first = ADD(progress->next, launch->chunk);
      if (first >= total) break;
      const uint32_t last = total - first < launch->chunk ? total : first + launch->chunk;
      launch->kernel(launch->buffers, launch->grid, first, last);
      ADD(progress->done, last - first);
    }
    for (uint32_t spins = 0; GET(progress->done) < total; spins++) {
      RELAX();
      if (spins > SPINS) yield_to_others(); /* the thread that has the rest may want this core */
    }
  }
}

static void *stay(void *argument) {
  Pool *pool = argument;
  uint32_t seen = 0;
  for (;;) {
    const double began = now();
    for (uint32_t spins = 0; GET(pool->table) == seen && !GET(pool->quit); spins++) {
      RELAX();
      if ((spins & 63) || (now() - began) * 1e9 < IDLE_NANOSECONDS) continue;
      pthread_mutex_lock(&pool->lock);
      pool->sleeping++;
      while (GET(pool->table) == seen && !GET(pool->quit)) pthread_cond_wait(&pool->wake, &pool->lock);
      pool->sleeping--;
      pthread_mutex_unlock(&pool->lock);
    }
    if (GET(pool->quit)) return NULL;
    seen = GET(pool->table);
    ADD(pool->inside, 1);
    if (GET(pool->open)) work(pool);
    ADD(pool->inside, (uint32_t)-1);
  }
}

void pool_close(Pool *pool) {
  pthread_mutex_lock(&pool->lock);
  SET(pool->quit, 1);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
  for (uint32_t i = 1; i < pool->threads; i++) pthread_join(pool->others[i], NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->lock);
  free(pool->progress);
  free(pool->others);
  free(pool);
}

/* A pool of so many threads, the caller's included, or as many as can be had; NULL without memory. */
Pool *pool_open(uint32_t threads) {
  Pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->others = calloc(threads, sizeof *pool->others);
  if (!pool->others) { free(pool); return NULL; }
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 8u << 20);
  pool->threads = 1;
  while (pool->threads < threads && !pthread_create(&pool->others[pool->threads], &attributes, stay, pool))
    pool->threads++;
  pthread_attr_destroy(&attributes);
  return pool;
}

/* Run a table of launches, each after the one before it. Returns 0 where memory for the counters is lacking. */
int pool_run(Pool *pool, Launch *launches, uint32_t count) {
  if (count > pool->capacity) {
    Progress *larger = aligned_alloc(64, count * sizeof *larger);
    if (!larger) return 0;
    free(pool->progress);
    pool->progress = larger;
    pool->capacity = count;
  }
  for (uint32_t i = 0; i < count; i++) pool->progress[i].next = pool->progress[i].done = 0;
  pool->launches = launches;
  pool->count = count;
  SET(pool->open, 1);
  ADD(pool->table, 1);
  if (pool->threads > 1) {
    pthread_mutex_lock(&pool->lock);
    if (pool->sleeping) pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
  }
  work(pool);
  SET(pool->open, 0);
  while (GET(pool->inside)) RELAX(); /* all is done, so those inside only have to notice */
  return 1;
}

/* The same, a launch at a time, with the seconds that each took. */
int pool_time(Pool *pool, Launch *launches, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const double began = now();
    if (!pool_run(pool, &launches[i], 1)) return 0;
    launches[i].seconds = now() - began;
  }
  return 1;
}

uint32_t pool_threads(const Pool *pool) { return pool->threads; }
