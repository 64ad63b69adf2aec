//! Frames on the line (UM0701-02, 6.2.1).

/// "I have it", both ways.
pub const ACK: [u8; 6] = [0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00];
const TO_CHIP: u8 = 0xD4;
const FROM_CHIP: u8 = 0xD5;

/// What the host sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// A command and its data.
    Command(Vec<u8>),
    /// It acknowledges, or gives up what it asked.
    Ack,
}

/// Bytes on their way to be frames. Whatever stands before one (the wake-up's bytes) is passed over.
#[derive(Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }
}

impl Iterator for Frames {
    type Item = Heard;

    fn next(&mut self) -> Option<Heard> {
        loop {
            let start = self.bytes.windows(2).position(|pair| pair == [0x00, 0xFF])? + 2;
            let (length, check) = (*self.bytes.get(start)?, *self.bytes.get(start + 1)?);
            if (length, check) == (0x00, 0xFF) {
                self.bytes.drain(..start + 2);
                return Some(Heard::Ack);
            }
            if length.wrapping_add(check) != 0 {
                self.bytes.drain(..start);
                continue;
            }
            let end = start + 2 + usize::from(length);
            let sum = *self.bytes.get(end)?;
            let body = self.bytes.get(start + 2..end)?.to_vec();
            self.bytes.drain(..=end);
            if let [TO_CHIP, command @ ..] = body.as_slice()
                && body.iter().fold(sum, |sum, byte| sum.wrapping_add(*byte)) == 0
                && !command.is_empty()
            {
                return Some(Heard::Command(command.to_vec()));
            }
        }
    }
}

/// A frame of the chip's: the command's number and one, and data.
pub fn answer(body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len() + 1).expect("a short answer");
    let sum = body.iter().fold(FROM_CHIP, |sum, byte| sum.wrapping_add(*byte));
    let mut frame = vec![0x00, 0x00, 0xFF, length, length.wrapping_neg(), FROM_CHIP];
    frame.extend_from_slice(body);
    frame.extend_from_slice(&[sum.wrapping_neg(), 0x00]);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_heard_behind_the_wake_up_and_in_pieces() {
        let mut frames = Frames::default();
        let bytes = [0x55, 0x55, 0, 0, 0, 0, 0x00, 0x00, 0xFF, 0x03, 0xFD, 0xD4, 0x14, 0x01, 0x17, 0x00];
        for byte in bytes {
            assert_eq!(frames.next(), None);
            frames.push(&[byte]);
            if byte == 0x17 {
                break;
            }
        }
        assert_eq!(frames.next(), Some(Heard::Command(vec![0x14, 0x01])));
        frames.push(&ACK);
        assert_eq!(frames.next(), Some(Heard::Ack));
    }

    #[test]
    fn an_answer_is_framed_as_the_chip_frames_it() {
        let version = [0x00, 0x00, 0xFF, 0x06, 0xFA, 0xD5, 0x03, 0x32, 0x01, 0x06, 0x07, 0xE8, 0x00];
        assert_eq!(answer(&[0x03, 0x32, 0x01, 0x06, 0x07]), version);
    }
}
