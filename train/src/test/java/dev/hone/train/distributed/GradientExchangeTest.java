package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Buckets of gradients that go to the others while a pass is under way. */
class GradientExchangeTest {
  private static final int[] SIZES = {7, 300, 1, 64, 999, 5, 128, 40, 256, 100}; // of parameters, one of several buckets

  /** Tells when this process has finished exchanges. */
  private record Counted(Ranks ranks, Semaphore done) implements Ranks {
    @Override
    public int rank() {
      return ranks.rank();
    }

    @Override
    public int size() {
      return ranks.size();
    }

    @Override
    public void exchange(MemorySegment[] sent, MemorySegment[] received) {
      ranks.exchange(sent, received);
      done.release();
    }
  }

  private static List<Parameter> parameters() {
    return IntStream.range(0, SIZES.length).mapToObj(i -> new Parameter("p" + i, Tensor.zeros(SIZES[i]), true)).toList();
  }

  /** What a block adds to a number of a parameter: sums of three of them depend on their order. Null: nothing. */
  private static float[] gradient(int block, int parameter) {
    if ((block + parameter) % 5 == 0 || parameter == 2) {
      return null;
    }
    float[] numbers = new float[SIZES[parameter]];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) Math.sin(block * 31 + parameter * 7 + i) * (1 << block * 3 % 16);
    }
    return numbers;
  }

  private static void add(Parameter parameter, float[] gradient) {
    if (gradient != null) {
      parameter.addGradient(Tensor.of(gradient, gradient.length));
    }
  }

  /** The gradients of one process. */
  private static List<float[]> alone(int blocks) {
    List<Parameter> parameters = parameters();
    BlockSums sums = new BlockSums(parameters);
    for (int block = 0; block < blocks; block++) {
      for (int i = 0; i < SIZES.length; i++) {
        add(parameters.get(i), gradient(block, i));
      }
      sums.add(block, block == blocks - 1);
    }
    sums.finish();
    return parameters.stream().map(each -> each.hasGradient() ? each.gradient().toFloatArray() : null).toList();
  }

  @ParameterizedTest
  @CsvSource({"2, 8", "3, 8", "4, 7", "5, 5", "2, 3"})
  void sumsAreThoseOfOneProcessWheneverBucketsGo(int size, int blocks) throws Exception {
    List<float[]> expected = alone(blocks);
    ThreadRanks.run(size, ranks -> () -> {
      List<Parameter> parameters = parameters();
      GradientExchange exchange = new GradientExchange(ranks, parameters, blocks, 64);
      BlockSums sums = new BlockSums(parameters);
      for (int step = 0; step < 3; step++) {
        int from = BlockTree.begin(blocks, ranks.rank(), size);
        int to = BlockTree.begin(blocks, ranks.rank() + 1, size);
        List<Integer> order = new ArrayList<>(IntStream.range(0, SIZES.length).boxed().toList());
        if (step < 2) { // another order than that of the list, and in the last step another one than the first time
          Collections.reverse(order);
        }
        for (int block = from; block < to; block++) {
          if (block == to - 1) {
            exchange.begin(sums, block);
          }
          for (int i : order) {
            add(parameters.get(i), gradient(block, i));
            if (block == to - 1 && (ranks.rank() + i) % 4 != 0) { // some are not told of: they go at the end
              exchange.whole(parameters.get(i));
            }
          }
          if (block < to - 1) {
            sums.add(block, false);
          }
        }
        exchange.finish();
        for (int i = 0; i < SIZES.length; i++) {
          float[] sum = parameters.get(i).hasGradient() ? parameters.get(i).gradient().toFloatArray() : null;
          assertArrayEquals(expected.get(i), sum, "parameter " + i + " in step " + step);
        }
        parameters.forEach(Parameter::clearGradient);
      }
      return null;
    });
  }

  /** The pass waits until others have what was whole: if nothing went before its end, this would not end. */
  @Test
  @Timeout(60)
  void bucketsGoWhileThePassIsUnderWay() throws Exception {
    ThreadRanks.run(2, ranks -> () -> {
      Semaphore done = new Semaphore(0);
      int tensors = 10;
      List<Parameter> parameters = IntStream.range(0, tensors)
          .mapToObj(i -> new Parameter("p" + i, Tensor.zeros(1000), true)).toList();
      GradientExchange exchange = new GradientExchange(new Counted(ranks, done), parameters, 2, 1000);
      BlockSums sums = new BlockSums(parameters);
      exchange.begin(sums, ranks.rank());
      for (int i = tensors - 1; i >= 0; i--) {
        float[] gradient = new float[1000];
        gradient[i] = ranks.rank() + 1;
        add(parameters.get(i), gradient);
        exchange.whole(parameters.get(i));
        if (i > 0) { // both messages of the bucket
          assertTrue(done.tryAcquire(2, 30, TimeUnit.SECONDS), "bucket of parameter " + i);
        }
      }
      exchange.finish();
      for (int i = 0; i < tensors; i++) {
        assertEquals(3, parameters.get(i).gradient().toFloatArray()[i]);
      }
      assertTrue(exchange.bytesEarly() >= 0.9 * exchange.bytesSent() - 1, exchange.bytesEarly() + " of " + exchange.bytesSent());
      assertEquals(2 * 0.5 * tensors * 1000 * Float.BYTES, exchange.bytesSent(), tensors * 4);
      return null;
    });
  }

  @Test
  void whatFailsOnTheWayFailsHere() throws Exception {
    RanksException e = assertThrows(RanksException.class, () -> ThreadRanks.run(2, ranks -> () -> {
      Ranks failing = new Ranks() {
        @Override
        public int rank() {
          return ranks.rank();
        }

        @Override
        public int size() {
          return 2;
        }

        @Override
        public void exchange(MemorySegment[] sent, MemorySegment[] received) {
          throw new RanksException("the other one is gone");
        }
      };
      List<Parameter> parameters = parameters();
      GradientExchange exchange = new GradientExchange(failing, parameters, 2);
      exchange.begin(new BlockSums(parameters), ranks.rank());
      exchange.finish();
      return null;
    }));
    assertEquals("the other one is gone", e.getMessage());
  }
}
