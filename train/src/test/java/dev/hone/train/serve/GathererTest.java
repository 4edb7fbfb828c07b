package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is wrong with one request is its own: the thread that computes for all goes on. */
class GathererTest {
  @Test
  @Timeout(60)
  void workWithoutAKeyIsRefusedAndWorkThatFailsEndsAlone() throws Exception {
    try (Gatherer<String, Integer, Integer> gatherer = new Gatherer<>("hone-test", 4, 100, item -> 1, (key, items) ->
        items.stream().map(item -> 12 / item).toList())) {
      assertThrows(NullPointerException.class, () -> gatherer.submit(null, List.of(1)));
      assertThrows(Exception.class, () -> gatherer.submit("a", List.of(0)).getFirst().get());
      assertEquals(4, gatherer.submit("a", List.of(3)).getFirst().get());
    }
  }
}
