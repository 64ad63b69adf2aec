//! What carries a tablet's requests to the server, and what it loses, doubles, delays or makes up on the way.

use crate::event::Weather;
use crate::house::House;
use crate::power::Power;
use std::sync::{Arc, Mutex, PoisonError};
use terminal_core::entropy::SeededEntropy;
use terminal_core::sync::transport::{Answer, LineFailure, Request, Transport};

/// The state of one tablet's line.
#[derive(Debug)]
pub struct Sky {
    weather: Weather,
    dice: SeededEntropy,
    /// Requests that will arrive after later ones.
    late: Vec<Request>,
    /// Requests until the power is cut, and whether that happens once the answer has come.
    death: Option<(u8, bool)>,
    /// Statuses of the answers that came from the server, by path.
    pub answered: Vec<(&'static str, u16)>,
    /// Bytes sent and received in requests that the line carried.
    pub bytes: (usize, usize),
}

impl Default for Sky {
    fn default() -> Self {
        Self { weather: Weather::Fine, dice: SeededEntropy::new(0), late: Vec::new(), death: None, answered: Vec::new(), bytes: (0, 0) }
    }
}

impl Sky {
    /// The line becomes such.
    pub fn turn(&mut self, weather: Weather, dice: u16) {
        (self.weather, self.dice) = (weather, SeededEntropy::new(u64::from(dice)));
    }

    /// The power is cut at a later request.
    pub fn cut_power_at(&mut self, requests: u8, after: bool) {
        self.death = Some((requests, after));
    }

    /// What was sent and hasn't arrived.
    pub fn take_late(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.late)
    }
}

/// A tablet's line.
#[derive(Clone)]
pub struct Line {
    pub sky: Arc<Mutex<Sky>>,
    pub house: Arc<Mutex<House>>,
    pub power: Arc<Power>,
}

impl Line {
    fn sky(&self) -> std::sync::MutexGuard<'_, Sky> {
        self.sky.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server's answer; none where its power went meanwhile.
    fn carry(&self, request: &Request) -> Result<Answer, LineFailure> {
        let answer = self.house.lock().unwrap_or_else(PoisonError::into_inner).answer(request).ok_or(LineFailure::NoNetwork)?;
        let mut sky = self.sky();
        sky.answered.push((request.path, answer.status));
        sky.bytes.0 += request.body.len();
        sky.bytes.1 += answer.body.len();
        Ok(answer)
    }

    fn under(&self, weather: Weather, request: &Request) -> Result<Answer, LineFailure> {
        match weather {
            Weather::Fine => self.carry(request),
            Weather::Cut => Err(LineFailure::NoNetwork),
            Weather::HalfOpen => {
                let _ = self.carry(request);
                Err(LineFailure::NoNetwork)
            }
            Weather::WelcomePage => Ok(Answer { status: 200, body: b"<html>Bienvenue \xe0 bord</html>".to_vec() }),
            Weather::Garbled => {
                let mut answer = self.carry(request)?;
                let cut = usize::try_from(self.sky().dice.below(answer.body.len() as u64)).unwrap_or(0);
                answer.body.truncate(cut);
                Ok(answer)
            }
            Weather::Newer => Ok(newer(self.carry(request)?)),
            Weather::Lossy => {
                let (before, how) = {
                    let mut sky = self.sky();
                    let some = !sky.late.is_empty() && sky.dice.below(3) == 0;
                    let before = some.then(|| sky.late.remove(0));
                    (before, sky.dice.below(8))
                };
                if let Some(late) = before {
                    let _ = self.carry(&late);
                }
                match how {
                    0 => Err(LineFailure::NoNetwork),
                    1 => {
                        let _ = self.carry(request);
                        Err(LineFailure::NoNetwork)
                    }
                    2 => {
                        self.sky().late.push(request.clone());
                        Err(LineFailure::NoNetwork)
                    }
                    3 => {
                        let _ = self.carry(request);
                        self.carry(request)
                    }
                    _ => self.carry(request),
                }
            }
        }
    }
}

impl Transport for Line {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        if self.power.is_cut() {
            return Err(LineFailure::NoNetwork);
        }
        let (weather, dies) = {
            let mut sky = self.sky();
            let dies = match &mut sky.death {
                Some((0, after)) => Some(*after),
                Some((left, _)) => {
                    *left -= 1;
                    None
                }
                None => None,
            };
            if dies.is_some() {
                sky.death = None;
            }
            (sky.weather, dies)
        };
        if dies == Some(false) {
            self.power.cut();
            return Err(LineFailure::NoNetwork);
        }
        let answer = self.under(weather, request);
        if dies == Some(true) {
            self.power.cut();
            return Err(LineFailure::NoNetwork);
        }
        answer
    }
}

/// What a server of a later version would answer: fields and changes that this tablet has never heard of.
fn newer(answer: Answer) -> Answer {
    let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&answer.body) else { return answer };
    if let Some(object) = body.as_object_mut() {
        object.insert("weather_at_sea".into(), serde_json::json!({"knots": 12}));
        if let Some(changes) = object.get_mut("changes").and_then(|c| c.as_array_mut()) {
            changes.insert(0, serde_json::json!({"number": 0, "change": "sing", "of": "La mer"}));
        }
    }
    Answer { status: answer.status, body: serde_json::to_vec(&body).unwrap_or(answer.body) }
}
