package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.distributed.BlockTree.Node;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One tree of sums, whoever has which blocks. */
class BlockTreeTest {
  private static String sum(List<Node> nodes, List<String> values) {
    return BlockTree.sum(nodes, values, (a, b) -> "(" + a + "+" + b + ")");
  }

  /** The sums of a tree whose blocks are cut into shares, each of which is summed by itself. */
  private static String shared(int blocks, int shares, int empty) {
    List<Node> all = new ArrayList<>();
    List<String> values = new ArrayList<>();
    for (int share = 0; share < shares; share++) {
      int from = BlockTree.begin(blocks, share, shares);
      int to = BlockTree.begin(blocks, share + 1, shares);
      for (Node node : BlockTree.nodes(from, to)) {
        List<Node> leaves = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int block = node.start(); block < node.start() + node.size(); block++) {
          leaves.add(new Node(block, 1));
          names.add(block == empty ? null : "" + block);
        }
        all.add(node);
        values.add(sum(leaves, names));
      }
    }
    return sum(all, values);
  }

  @Test
  void neighboursAreSummedAndTheRestFromTheRight() {
    assertEquals("0", shared(1, 1, -1));
    assertEquals("((0+1)+2)", shared(3, 1, -1));
    assertEquals("(((0+1)+(2+3))+((4+5)+6))", shared(7, 1, -1));
    assertEquals("(((0+1)+(2+3))+((4+5)+(6+7)))", shared(8, 1, -1));
    assertEquals("((0+1)+3)", shared(4, 1, 2));
  }

  @Test
  void sharesChangeNothing() {
    for (int blocks = 1; blocks <= 33; blocks++) {
      for (int empty = -1; empty < blocks; empty += 5) {
        String alone = shared(blocks, 1, empty);
        for (int shares = 1; shares <= blocks; shares++) {
          assertEquals(alone, shared(blocks, shares, empty), blocks + " blocks, " + shares + " shares");
        }
      }
    }
  }

  @Test
  void fewSumsWaitAndAShareOfAPowerOfTwoIsOneSum() {
    for (int blocks = 1; blocks <= 64; blocks++) {
      int most = 0;
      for (int block = 1; block < blocks; block++) { // before the last block there is none that waits longer
        most = Math.max(most, BlockTree.nodes(0, block).size());
      }
      assertEquals(most, BlockTree.waiting(blocks), blocks + " blocks");
    }
    for (int share = 0; share < 4; share++) {
      assertEquals(1, BlockTree.nodes(BlockTree.begin(16, share, 4), BlockTree.begin(16, share + 1, 4)).size());
    }
    assertTrue(BlockTree.nodes(3, 29).size() <= 8);
  }

  @Test
  void numbersAreSummedInTheTree() {
    double[] numbers = {1e16, 1, -1e16, 1};
    assertEquals((1e16 + 1) + (-1e16 + 1), BlockTree.sum(numbers));
    assertEquals(0, BlockTree.sum(new double[0]));
    assertEquals(3.5, BlockTree.sum(new double[] {3.5}));
  }
}
