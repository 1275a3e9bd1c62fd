/* The searches for scales and offsets of kernelc/ir/formats (scale_search.py, affine_search.py say what is
   searched and why), for groups of 32 numbers whose k-th numbers lie together: values[k * groups + group].

   Each operation is numpy's, on single-precision floats in the same order and unfused, so that both give the
   same bits; what is gained is that numbers stay in registers and in the first cache. Nothing is allocated
   and nothing is kept, so that any number of threads may search at once. */

#include <math.h>
#include <stddef.h>

#define GROUP 32
#define LANES 32 /* groups at once */
#define EVERY 8  /* lattice.py: of a group, numbers 3, 11, 19 and 27 are looked at */
#define FIRST 3
#define NEAR 0.05f
#define LEAST_INVERSE ((float)(1.0 / 65504.0))
#define TINY 1e-30f
#define SAME 1e-6f
#define ROUNDER 12582912.0f /* 1.5 * 2^23: adding it rounds to whole numbers, halves to even */

typedef struct {
  float number[GROUP][LANES];
  float weight[GROUP][LANES];
} Block;

static float quotient(float a, float b) { return fabsf(b) > TINY ? a / b : 0.0f; }

/* Copy up to LANES groups; the lanes that are left over are zeros. Weights are ones where there are none. */
static size_t load(Block *block, const float *values, const float *weights, size_t groups, size_t begin) {
  size_t count = groups - begin < LANES ? groups - begin : LANES;
  for (size_t k = 0; k < GROUP; k++) {
    for (size_t lane = 0; lane < LANES; lane++) {
      int there = lane < count;
      block->number[k][lane] = there ? values[k * groups + begin + lane] : 0.0f;
      block->weight[k][lane] = there && weights ? weights[k * groups + begin + lane] : 1.0f;
    }
  }
  return count;
}

/* The whole number nearest to x within the bounds, which are whole. */
static inline float code_of(float x, float low, float high) {
  x = x < low ? low : x;
  x = x > high ? high : x;
  return (x + ROUNDER) - ROUNDER;
}

static int is_likely(const Block *block, size_t lane, float inverse) {
  float most = 0.0f;
  for (size_t k = FIRST; k < GROUP; k += EVERY) {
    float code = block->number[k][lane] * inverse;
    float off = fabsf(code - rintf(code));
    most = off > most ? off : most;
  }
  return most < NEAR && fabsf(inverse) > LEAST_INVERSE;
}

/* How much of each group codes under these inverse scales explain: <w, q>^2 / <q, q>. */
static void score_scales(const Block *block, int weighed, const float *inverse, float low, float high,
                         float *score) {
  float products[LANES] = {0}, squares[LANES] = {0};
  for (size_t k = 0; k < GROUP; k++) {
    for (size_t lane = 0; lane < LANES; lane++) {
      float number = block->number[k][lane];
      float code = code_of(number * inverse[lane], low, high);
      float part = weighed ? code * block->weight[k][lane] : code;
      products[lane] += part * number;
      squares[lane] += part * code;
    }
  }
  for (size_t lane = 0; lane < LANES; lane++) {
    float square = squares[lane] > TINY ? squares[lane] : TINY;
    score[lane] = products[lane] * products[lane] / square;
  }
}

/* `inverse` gets the best inverse scale of each group whose number of largest magnitude is its `peak`. */
void search_scales(const float *values, const float *weights, const float *peak, size_t groups, float low,
                   float high, const float *positions, size_t position_count, const float *lattice,
                   size_t lattice_count, float *inverse) {
  for (size_t begin = 0; begin < groups; begin += LANES) {
    Block block;
    size_t count = load(&block, values, weights, groups, begin);
    float unit[LANES], tried[LANES], score[LANES], best[LANES], best_score[LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
      unit[lane] = lane < count ? quotient(1.0f, peak[begin + lane]) : 0.0f;
      best[lane] = 0.0f;
      best_score[lane] = -1.0f;
    }
    for (size_t at = 0; at < position_count; at++) {
      for (size_t lane = 0; lane < LANES; lane++) tried[lane] = unit[lane] * positions[at];
      if (weights) score_scales(&block, 1, tried, low, high, score);
      else score_scales(&block, 0, tried, low, high, score);
      for (size_t lane = 0; lane < LANES; lane++) {
        int better = score[lane] > best_score[lane];
        best[lane] = better ? tried[lane] : best[lane];
        best_score[lane] = better ? score[lane] : best_score[lane];
      }
    }
    for (size_t at = 0; at < lattice_count; at++) {
      int any = 0, likely[LANES];
      for (size_t lane = 0; lane < LANES; lane++) {
        tried[lane] = unit[lane] * lattice[at];
        any |= likely[lane] = lane < count && is_likely(&block, lane, tried[lane]);
      }
      if (!any) continue;
      score_scales(&block, weights != NULL, tried, low, high, score);
      for (size_t lane = 0; lane < LANES; lane++) {
        if (likely[lane] && score[lane] > best_score[lane]) {
          best[lane] = tried[lane];
          best_score[lane] = score[lane];
        }
      }
    }
    for (size_t lane = 0; lane < count; lane++) inverse[begin + lane] = best[lane];
  }
}

/* How much of each group's variance the codes explain. */
static void score_lines(const Block *block, const float *inverse, float first, float high, float *score) {
  float codes[LANES] = {0}, numbers[LANES] = {0}, squares[LANES] = {0}, products[LANES] = {0};
  for (size_t k = 0; k < GROUP; k++) {
    for (size_t lane = 0; lane < LANES; lane++) {
      float number = block->number[k][lane], share = block->weight[k][lane];
      float code = code_of(number * inverse[lane] + first, 0.0f, high);
      float part = code * share;
      codes[lane] += part;
      numbers[lane] += number * share;
      squares[lane] += part * code;
      products[lane] += part * number;
    }
  }
  for (size_t lane = 0; lane < LANES; lane++) {
    float variance = squares[lane] - codes[lane] * codes[lane];
    float covariance = products[lane] - codes[lane] * numbers[lane];
    variance = variance < SAME * squares[lane] ? 0.0f : variance;
    score[lane] = covariance * quotient(covariance, variance);
  }
}

/* `inverse` and `shift` get the best map from number to code: code = number * inverse + shift. Numbers are
   those of the group less its least; `share` are weights that add up to one. */
void search_lines(const float *values, const float *share, size_t groups, float high, const float *spans,
                  const float *firsts, size_t end_count, float *inverse, float *shift) {
  for (size_t begin = 0; begin < groups; begin += LANES) {
    Block block;
    size_t count = load(&block, values, share, groups, begin);
    float unit[LANES], tried[LANES], score[LANES], best[LANES], best_shift[LANES], best_score[LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
      float most = block.number[0][lane];
      for (size_t k = 1; k < GROUP; k++) most = block.number[k][lane] > most ? block.number[k][lane] : most;
      unit[lane] = quotient(1.0f, most);
      best[lane] = best_shift[lane] = 0.0f;
      best_score[lane] = -1.0f;
    }
    for (size_t at = 0; at < end_count; at++) {
      for (size_t lane = 0; lane < LANES; lane++) tried[lane] = unit[lane] * spans[at];
      score_lines(&block, tried, firsts[at], high, score);
      for (size_t lane = 0; lane < LANES; lane++) {
        int better = score[lane] > best_score[lane];
        best[lane] = better ? tried[lane] : best[lane];
        best_shift[lane] = better ? firsts[at] : best_shift[lane];
        best_score[lane] = better ? score[lane] : best_score[lane];
      }
    }
    for (float whole = 1.0f; whole < high; whole += 1.0f) {
      int any = 0, likely[LANES];
      for (size_t lane = 0; lane < LANES; lane++) {
        tried[lane] = unit[lane] * whole;
        any |= likely[lane] = lane < count && is_likely(&block, lane, tried[lane]);
      }
      if (!any) continue;
      score_lines(&block, tried, 0.0f, high, score);
      for (size_t lane = 0; lane < LANES; lane++) {
        if (likely[lane] && score[lane] > best_score[lane]) {
          best[lane] = tried[lane];
          best_shift[lane] = 0.0f;
          best_score[lane] = score[lane];
        }
      }
    }
    for (size_t lane = 0; lane < count; lane++) {
      inverse[begin + lane] = best[lane];
      shift[begin + lane] = best_shift[lane];
    }
  }
}
