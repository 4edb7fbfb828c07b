package dev.hone.train.data;

import java.util.List;

/** Which rows make up each batch of an epoch: a function of the epoch, so that a run that goes on has the same batches. */
public interface Batches {
  /** The batches of epoch {@code epoch}, counted from 0: row numbers. */
  List<int[]> epoch(int epoch);
}
