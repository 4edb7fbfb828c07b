/**
 * Parameter-efficient fine-tuning in the names and files of PEFT, so that adapters go both ways between Python and the JVM.
 * {@link dev.hone.lora.LoraConfig} says what to adapt and how, {@link dev.hone.lora.Adapter} puts it into a model,
 * saves, loads and merges it, {@link dev.hone.lora.AdapterFiles} knows the directory.
 */
package dev.hone.lora;
