package dev.hone.train;

import dev.hone.train.data.Batches;
import java.util.ArrayList;
import java.util.List;

/** Batches that make one step together, and how many steps there are. */
record Windows(TrainConfig config, Batches batches) {
  /** The windows of an epoch: groups of as many batches as are accumulated, of which the last may have fewer. */
  List<List<int[]>> of(int epoch) {
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
