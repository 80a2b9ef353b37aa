// What the chart shows, and the button that blocks entries. Blocking takes one click; arming again takes two within three seconds.

#ifndef TICKFORGE_PANEL
#define TICKFORGE_PANEL

#define PANEL_BUTTON "TickforgeKill"
#define PANEL_CONFIRM_MS 3000

class Panel
  {
private:
   string            m_shown;
   ulong             m_asked;
   bool              m_killed;

   void              Label(void)
     {
      string text=(!m_killed ? "Block entries" : (m_asked>0 ? "Click again to arm" : "BLOCKED - arm"));
      ObjectSetString(0,PANEL_BUTTON,OBJPROP_TEXT,text);
      ObjectSetInteger(0,PANEL_BUTTON,OBJPROP_BGCOLOR,m_killed ? clrFireBrick : clrDimGray);
      ObjectSetInteger(0,PANEL_BUTTON,OBJPROP_STATE,0);
     }

public:
                     Panel(void)
     {
      m_asked=0;
      m_killed=false;
     }

   void              Open(void)
     {
      ObjectCreate(0,PANEL_BUTTON,OBJ_BUTTON,0,0,0);
      ObjectSetInteger(0,PANEL_BUTTON,OBJPROP_CORNER,CORNER_RIGHT_UPPER);
      ObjectSetInteger(0,PANEL_BUTTON,OBJPROP_XDISTANCE,160);
      ObjectSetInteger(0,PANEL_BUTTON,OBJPROP_YDISTANCE,30);
      ObjectSetInteger(0,PANEL_BUTTON,OBJPROP_XSIZE,150);
      ObjectSetInteger(0,PANEL_BUTTON,OBJPROP_YSIZE,24);
      ObjectSetInteger(0,PANEL_BUTTON,OBJPROP_COLOR,clrWhite);
      Label();
     }

   void              Close(void)
     {
      ObjectDelete(0,PANEL_BUTTON);
      Comment("");
     }

   void              Show(const string text,const bool killed)
     {
      if(m_asked>0 && GetTickCount64()-m_asked>PANEL_CONFIRM_MS)
         m_asked=0;
      if(killed!=m_killed)
         m_asked=0;
      m_killed=killed;
      Label();
      if(text==m_shown)
         return;
      m_shown=text;
      Comment(text);
     }

   // 1: block entries, -1: arm again, 0: nothing yet.
   int               Clicked(const string object,const bool killed)
     {
      if(object!=PANEL_BUTTON)
         return(0);
      m_killed=killed;
      ulong now=GetTickCount64();
      bool confirmed=(m_asked>0 && now-m_asked<=PANEL_CONFIRM_MS);
      m_asked=(killed && !confirmed ? now : 0);
      Label();
      if(!killed)
         return(1);
      return(confirmed ? -1 : 0);
     }
  };

#endif
