package dev.hone.train;

import dev.hone.train.data.Batches;
import dev.hone.train.distributed.Ranks;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Batches that make one step together, and how many steps there are.
 *
 * @param ranks that step alone ({@code local_steps}): each has its own windows; else one process has all
 */
record Windows(TrainConfig config, Batches batches, Ranks ranks) {
  /** All windows are one process's. */
  Windows(TrainConfig config, Batches batches) {
    this(config, batches, Ranks.alone());
  }

  /**
   * The windows of an epoch: groups of as many batches as are accumulated, of which the last may have fewer. Of several processes
   * each takes the next one in turn, as many as the others: the first few are then taken twice if they do not go up.
   */
  List<List<int[]>> of(int epoch) {
    List<List<int[]>> all = all(epoch);
    if (ranks.size() == 1) {
      return all;
    }
    int each = Math.ceilDiv(all.size(), ranks.size());
    return IntStream.range(0, each).mapToObj(i -> all.get((i * ranks.size() + ranks.rank()) % all.size())).toList();
  }

  private List<List<int[]>> all(int epoch) {
    List<int[]> all = batches.epoch(epoch);
    List<List<int[]>> windows = new ArrayList<>();
    for (int i = 0; i < all.size(); i += config.accumulation()) {
      windows.add(all.subList(i, Math.min(all.size(), i + config.accumulation())));
    }
    return windows;
  }

  /** The steps of the whole run; a fraction of an epoch counts its share. */
  int steps() {
    if (config.maxSteps() > 0) {
      return config.maxSteps();
    }
    int whole = (int) Math.floor(config.epochs());
    double steps = 0;
    for (int epoch = 0; epoch < whole; epoch++) {
      steps += of(epoch).size();
    }
    if (config.epochs() > whole) {
      steps += (config.epochs() - whole) * of(whole).size();
    }
    return Math.max(1, (int) Math.ceil(steps));
  }
}
