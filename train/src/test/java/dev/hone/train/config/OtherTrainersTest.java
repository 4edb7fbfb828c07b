package dev.hone.train.config;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.run.TrainFlags;
import java.util.List;
import org.junit.jupiter.api.Test;

class OtherTrainersTest {
  @Test
  void everyAnswerNamesASettingThatExists() {
    List<String> keys = TrainFlags.all().stream().map(flag -> flag.name().replace('-', '_')).toList();
    for (String answer : OtherTrainers.answers()) {
      if (answer.startsWith("is ") && answer.endsWith(" here")) {
        for (String key : answer.substring(3, answer.length() - 5).split(" or ")) {
          assertTrue(keys.contains(key), answer);
        }
      }
    }
  }
}
