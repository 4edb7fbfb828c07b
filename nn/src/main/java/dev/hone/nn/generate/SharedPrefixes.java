package dev.hone.nn.generate;

import dev.hone.nn.KvPages;
import dev.hone.nn.PretrainedModel;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Beginnings of prompts whose keys and values are still there, so that the next text that begins alike need not compute them.
 * Those
 * that were not used for the longest time go first when room is wanted.
 *
 * <p>Implementation note: a tree of blocks of {@value #BLOCK} tokens. Attention takes queries in runs that begin at multiples of
 * this,
 * so a whole block has the same bits whatever follows it.
 */
final class SharedPrefixes {
  /** Tokens of a block. */
  static final int BLOCK = 64;
  private static final int PAGES = BLOCK / KvPages.SIZE;
  private static final int WAYS = 64; // models and adapters that are remembered, also those that are gone

  private final KvPages pages;
  private final Map<Way, Node> roots = new HashMap<>();
  private long clock;

  SharedPrefixes(KvPages pages) {
    this.pages = pages;
  }

  /** What decides on keys and values besides tokens. */
  private record Way(PretrainedModel model, int route) {}

  private static final class Node {
    private final int[] pages;
    private final Map<IntBuffer, Node> next = new HashMap<>(); // by the tokens of the block
    private long used;

    Node(int[] pages) {
      this.pages = pages;
    }
  }

  /** How many tokens the second prompt can have of the first. */
  static int common(int[] first, int[] second) {
    int same = Arrays.mismatch(first, second);
    int most = Math.min(same < 0 ? first.length : same, second.length - 2);
    return Math.max(0, most / BLOCK * BLOCK);
  }

  /** The pages of the longest beginning of a prompt that is there, which leaves at least two tokens to be computed. */
  int[] find(StreamRequest request) {
    int[] prompt = request.prompt();
    Node node = roots.get(new Way(request.model(), request.route()));
    int[] found = {};
    for (int from = 0; node != null && from + BLOCK <= prompt.length - 2; from += BLOCK) {
      node = node.next.get(IntBuffer.wrap(prompt, from, BLOCK).slice());
      if (node != null) {
        node.used = ++clock;
        found = Arrays.copyOf(found, found.length + PAGES);
        System.arraycopy(node.pages, 0, found, found.length - PAGES, PAGES);
      }
    }
    return found;
  }

  /**
   * Remembers the whole blocks of a prompt.
   *
   * @param seen tokens of the prompt that are computed
   * @param table its pages
   */
  void add(StreamRequest request, int seen, int[] table) {
    Way way = new Way(request.model(), request.route());
    if (!roots.containsKey(way) && roots.size() == WAYS) {
      forgetOldestWay();
    }
    Node node = roots.computeIfAbsent(way, _ -> new Node(new int[0]));
    for (int from = 0; from + BLOCK <= seen; from += BLOCK) {
      int first = from / KvPages.SIZE;
      node.used = ++clock;
      node = node.next.computeIfAbsent(IntBuffer.wrap(Arrays.copyOfRange(request.prompt(), from, from + BLOCK)), _ -> {
        int[] own = Arrays.copyOfRange(table, first, first + PAGES);
        pages.share(own);
        return new Node(own);
      });
      node.used = ++clock;
    }
  }

  private void forgetOldestWay() {
    Way oldest = null;
    for (Map.Entry<Way, Node> entry : roots.entrySet()) {
      oldest = oldest == null || entry.getValue().used < roots.get(oldest).used ? entry.getKey() : oldest;
    }
    release(roots.remove(oldest));
  }

  private void release(Node node) {
    pages.release(node.pages);
    node.next.values().forEach(this::release);
  }

  /** Forgets beginnings until so many pages can be taken, or none is left. */
  void makeRoom(int wanted) {
    if (pages.left() >= wanted) {
      return;
    }
    List<Leaf> leaves = new ArrayList<>();
    while (pages.left() < wanted) {
      leaves.clear();
      roots.values().forEach(root -> leaves(root, leaves));
      if (leaves.isEmpty()) {
        return;
      }
      leaves.sort((a, b) -> Long.compare(a.node.used, b.node.used));
      for (Leaf leaf : leaves) {
        if (pages.left() >= wanted) {
          return;
        }
        leaf.parent.next.remove(leaf.key);
        pages.release(leaf.node.pages);
      }
    }
  }

  private record Leaf(Node parent, IntBuffer key, Node node) {}

  private static void leaves(Node node, List<Leaf> found) {
    node.next.forEach((key, child) -> {
      if (child.next.isEmpty()) {
        found.add(new Leaf(node, key, child));
      } else {
        leaves(child, found);
      }
    });
  }

  /** Forgets all. */
  void clear() {
    roots.values().forEach(this::release);
    roots.clear();
  }
}
